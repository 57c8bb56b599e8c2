package relabel

import (
	"errors"
	"fmt"
	"reflect"
)

// A Step is one item of a pipeline: a [Rule], or one of [KeepFamilies], [DropFamilies],
// [Rename], [SetHelp], [SetUnit], [SetType], [Scale] and [Aggregate].
type Step interface {
	// compile checks the step and makes it ready to run. An error that joins several is
	// reported as several.
	compile() (stage, error)
	// item returns what YAML packages write for the step.
	item() any
}

// A stage is a step that is ready to run. It is not changed any more, so any number of
// goroutines may use it.
type stage interface {
	// series changes the labels of one series as the step does, the name among them, and
	// reports whether the series stays.
	series(ls *labelSet) (keep bool)
}

// A StepError says what is wrong with one step.
type StepError struct {
	Position int // Of the step in its list, from 1 on.
	Line     int // Of the YAML, from 1 on; 0 if the step comes from elsewhere.
	Err      error
}

// Error returns the position and the reason.
func (e *StepError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("rule %d: %v", e.Position, e.Err)
	}
	return fmt.Sprintf("rule %d (line %d): %v", e.Position, e.Line, e.Err)
}

// Unwrap returns the reason.
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

// compileStep is step.compile for steps that may be nil.
func compileStep(step Step) (stage, error) {
	if step == nil {
		return nil, errNoStep
	}
	if v := reflect.ValueOf(step); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errNoStep
	}
	return step.compile()
}
