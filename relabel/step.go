package relabel

import (
	"errors"
	"fmt"
	"reflect"
)

// A Step is one item of a [Pipeline]: a [Rule], [KeepFamilies], [DropFamilies], [Rename], [SetHelp],
// [SetUnit], [SetType], [Scale] or [Aggregate].
type Step interface {
	// compile checks the step and returns its stage. Each error that the result joins is reported
	// separately.
	compile() (stage, error)
	// item returns the value that YAML packages write for the step.
	item() any
}

// A stage is a step that is ready to run. It is immutable, so any number of goroutines may use it.
type stage interface {
	// series applies the step to the labels of one series, including the name, and reports whether the
	// series is kept.
	series(ls *labelSet) (keep bool)
}

// A StepError reports a mistake in a step.
type StepError struct {
	Position int // position of the step in its list, from 1 on
	Line     int // line in the YAML, from 1 on; 0 if the step does not come from YAML
	Err      error
}

// Error returns the position and the reason.
func (e *StepError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("rule %d: %v", e.Position, e.Err)
	}
	return fmt.Sprintf("rule %d (line %d): %v", e.Position, e.Line, e.Err)
}

// Unwrap returns the reason, the field Err.
func (e *StepError) Unwrap() error { return e.Err }

// stepErrors returns a StepError for each error that err joins.
func stepErrors(position, line int, err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{&StepError{position, line, err}}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, stepErrors(position, line, one)...)
	}
	return all
}

var errNoStep = errors.New("there is no step")

// compileStep calls compile for a step that may be nil.
func compileStep(step Step) (stage, error) {
	if step == nil {
		return nil, errNoStep
	}
	if v := reflect.ValueOf(step); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errNoStep
	}
	return step.compile()
}
