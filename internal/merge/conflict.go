package merge

import (
	"fmt"

	"github.com/luxfi/metric/internal/model"
)

// ConflictError reports that a sample, or an instrument, differs from its family. If the types differ, the
// sample is left out; otherwise it is still served.
type ConflictError struct {
	Family, Labels string // canonical rendering of the labels; empty without labels

	Of         string // property that differs: type, help or unit
	Have, Want string // the two values; types are written as in protobuf
}

// Error names the sample and says what it has and what it should have.
func (e *ConflictError) Error() string {
	labels := ""
	if e.Labels != "" {
		labels = "{" + e.Labels + "}"
	}
	return fmt.Sprintf("collected metric %s%s %s", e.Family, labels, e.Predicate())
}

// Predicate returns the text of the error without its subject.
func (e *ConflictError) Predicate() string {
	if e.Of == Type {
		return fmt.Sprintf("has type %s but should have %s", e.Have, e.Want)
	}
	return fmt.Sprintf("has %s %q but should have %q", e.Of, e.Have, e.Want)
}

// Properties in which families can differ.
const (
	Type = "type"
	Help = "help"
	Unit = "unit"
)

// about returns the error for a sample.
func (e *ConflictError) about(s *model.Sample) error {
	about := *e
	about.Labels = s.Point.Labels.Keep().Text()
	return &about
}

// conflict returns the reason why points of family f cannot be served as points of have, or nil.
func conflict(f, have *model.Family) *ConflictError {
	if f.Type != have.Type {
		return &ConflictError{Family: f.Name, Of: Type, Have: f.Type.Constant(), Want: have.Type.Constant()}
	}
	return nil
}

// difference returns the property in which f differs from have although its points can be served as points
// of have, or nil. A help and a unit belong to a family, not to a series.
func difference(f, have *model.Family) *ConflictError {
	switch {
	case f == have:
		return nil
	case f.Help != have.Help:
		return &ConflictError{Family: f.Name, Of: Help, Have: f.Help, Want: have.Help}
	case f.Unit != have.Unit:
		return &ConflictError{Family: f.Name, Of: Unit, Have: f.Unit, Want: have.Unit}
	}
	return nil
}

// Conflict returns a *[ConflictError] if families of the same name differ.
func Conflict(f, have *model.Family) error {
	if err := conflict(f, have); err != nil {
		return err
	}
	if err := difference(f, have); err != nil {
		return err
	}
	return nil
}
