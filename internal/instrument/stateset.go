package instrument

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// StateSet is a series with states that are on or off. All of them are in one word, so that a scrape
// sees them at one moment.
type StateSet struct {
	series

	on atomic.Uint64 // Bit i is set if state i is on.
}

// stateShape holds the common properties of all series of a state set.
type stateShape struct {
	names   []string // names of the states, at most model.MaxStates
	initial string   // state that is on at first; may be empty
}

// NewStateSet returns a state set without variable labels.
func NewStateSet(opts prometheus.Opts, states []string, initial string) *StateSet {
	s := newSingle[StateSet](newStateFamily(opts, nil, states, initial))
	s.start()
	return s
}

// newStateFamily makes a family whose descriptor also has a label for the state.
func newStateFamily(opts prometheus.Opts, variable prometheus.ConstrainableLabels, states []string, initial string) *family {
	f := newFamily(model.StateSet, opts, variable)
	shape := &stateShape{initial: strings.Clone(initial)}
	for _, state := range states[:min(len(states), model.MaxStates)] {
		shape.names = append(shape.names, strings.Clone(state))
	}
	f.states = shape
	if f.desc.Err() != nil {
		return f
	}
	if err := errors.Join(checkStateLabel(f), shape.check(states)); err != nil {
		f.desc = prometheus.NewInvalidDesc(f.misuse(err))
		return f
	}
	f.desc = prometheus.NewDesc(f.Name, f.Help, append(slices.Clone(f.names()), f.Reserved()), opts.ConstLabels)
	return f
}

// checkStateLabel returns an error if the family's name is not a valid and unused label name.
func checkStateLabel(f *family) error {
	if err := CheckStateLabel(f.Name); err != nil {
		return err
	}
	if f.has(f.Reserved()) {
		return errors.New("it has a label with its own name, which is the label for the state")
	}
	return nil
}

// CheckStateLabel returns an error if a state set with the given name cannot be written: in every escaping
// scheme, its name is also the name of the state label.
func CheckStateLabel(name string) error {
	if strings.Contains(name, ":") {
		return fmt.Errorf("the name %q has a colon, but must be a valid label name, too", name)
	}
	return nil
}

// check returns an error if states are invalid.
func (s *stateShape) check(states []string) error {
	switch {
	case len(states) == 0:
		return errors.New("it has no states")
	case len(states) > model.MaxStates:
		return fmt.Errorf("it has %d states, but at most %d are allowed", len(states), model.MaxStates)
	case s.initial != "" && s.index(s.initial) < 0:
		return s.unknown(s.initial)
	}
	for i, state := range s.names {
		switch {
		case state == "":
			return errors.New("one of its states is empty")
		case !utf8.ValidString(state):
			return fmt.Errorf("its state %q is not valid UTF-8", state)
		case s.index(state) < i:
			return fmt.Errorf("it has the state %q twice", state)
		}
	}
	return nil
}

// index returns the index of a state, or a negative number.
func (s *stateShape) index(state string) int { return slices.Index(s.names, state) }

// unknown returns the error for an unknown state. It does not keep the string.
func (s *stateShape) unknown(state string) error {
	return fmt.Errorf("unknown state %q: the states are %q", strings.Clone(state), s.names)
}

// start turns the initial state on.
func (s *StateSet) start() {
	if i := s.family.states.index(s.family.states.initial); i >= 0 {
		s.on.Store(1 << i)
	}
}

// bit returns the bit of a state. It panics if there is no such state.
func (s *StateSet) bit(state string) uint64 {
	i := s.family.states.index(state)
	if i < 0 {
		panic(s.family.misuse(s.family.states.unknown(state)))
	}
	return 1 << i
}

// Set turns a state on and all others off, at once. It panics if there is no such state.
func (s *StateSet) Set(state string) { s.set(s.bit(state)) }

func (s *StateSet) set(on uint64) {
	s.on.Store(on)
	s.touch()
}

func (s *StateSet) touch() { setMark(&labelmap.Of(s).Mark, wasUpdated) }

// TrySet is [StateSet.Set], but returns an error where Set panics.
func (s *StateSet) TrySet(state string) error {
	i := s.family.states.index(state)
	if i < 0 {
		return s.family.misuse(s.family.states.unknown(state))
	}
	s.set(1 << i)
	return nil
}

// Enable turns a state on. It panics if there is no such state.
func (s *StateSet) Enable(state string) {
	s.on.Or(s.bit(state))
	s.touch()
}

// Disable turns a state off. It panics if there is no such state.
func (s *StateSet) Disable(state string) {
	s.on.And(^s.bit(state))
	s.touch()
}

// Has reports whether a state is on.
func (s *StateSet) Has(state string) bool {
	i := s.family.states.index(state)
	return i >= 0 && s.on.Load()>>i&1 != 0
}

// State returns the only state that is on, or "" if none or several are on.
func (s *StateSet) State() string {
	on := s.on.Load()
	if bits.OnesCount64(on) != 1 {
		return ""
	}
	return s.family.states.names[bits.TrailingZeros64(on)]
}

// Point implements [Instrument].
func (s *StateSet) Point(p *model.Point, scratch *model.Scratch) {
	p.SetNumber(labelsOf(s), 0)
	scratch.States = model.StateSetValue{Names: s.family.states.names, On: s.on.Load()}
	p.States = &scratch.States
}

var errSeveral = errors.New("it is one metric for each state: use Collect")

// Write always returns an error, because a state set is several metrics.
func (s *StateSet) Write(*clientmodel.Metric) error { return s.family.misuse(errSeveral) }

// Describe implements Collector.
func (s *StateSet) Describe(ch chan<- *prometheus.Desc) { ch <- s.Desc() }

// Collect implements Collector. It sends a gauge for each state, all of the same moment.
func (s *StateSet) Collect(ch chan<- prometheus.Metric) {
	for _, m := range stateMetrics(singleSource{s}, s.Family(), s.Desc()) {
		ch <- m
	}
}

// StateSets holds the state sets of a vector.
type StateSets = Vec[StateSet, *StateSet]

// NewStateSets returns the state sets of a vector, distinguished by the values of their labels.
func NewStateSets(opts prometheus.Opts, variable prometheus.ConstrainableLabels, states []string, initial string) *StateSets {
	f := newStateFamily(opts, variable, states, initial)
	v := newVec[StateSet](f, (*StateSet).start)
	v.traits = f.states.traits
	return v
}
