package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// StateSet is a set of states that are on or off. In a state machine, for example, exactly one state
// is on. A scrape gets one series for each state. Its value is 1 if the state is on and 0 if it is
// off. It has a label with the name of the metric, which contains the name of the state:
//
//	app_state{app_state="starting"} 0
//	app_state{app_state="running"} 1
//
// A scrape has all states as they were at one moment. OpenMetrics has a type for state sets. The
// other formats, [Gatherer] and other registries have a gauge instead. Behind
// [WrapRegistererWithPrefix], the label gets the prefix, too.
//
// StateSets are safe for concurrent use, and do not allocate.
type StateSet interface {
	Collector

	// Set turns state on and all others off. It panics if the set does not have the state.
	Set(state string)

	// TrySet is like Set, but returns an error and changes nothing where Set panics.
	TrySet(state string) error

	// Enable turns state on and leaves the others as they are. It panics if the set does
	// not have the state.
	Enable(state string)

	// Disable turns state off and leaves the others as they are. It panics if the set does
	// not have the state.
	Disable(state string)

	// Has reports whether state is on.
	Has(state string) bool

	// State returns the state that is on, or "" if no state or more than one is on.
	State() string
}

// StateSetOpts are the options of a state set.
type StateSetOpts struct {
	// Namespace, Subsystem and Name are joined with underscores. The full name is also the name of
	// a label, so it must not contain a colon.
	Namespace, Subsystem, Name string

	Help        string
	ConstLabels Labels

	// States are the names of the states, from 1 to 64, in the order in which they are
	// exposed. They are copied.
	States []string

	// Initial is the state that is on at first. If it is empty, no state is on.
	Initial string
}

func (o StateSetOpts) common() prometheus.Opts {
	return prometheus.Opts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, ConstLabels: o.ConstLabels}
}

// NewStateSet returns a state set. Registering it reports errors in opts.
func NewStateSet(opts StateSetOpts) StateSet {
	return instrument.NewStateSet(opts.common(), opts.States, opts.Initial)
}

// StateSetVec is a set of state sets that differ in the values of their labels. It is safe for
// concurrent use; see [CounterVec] and [MetricVec] for more.
type StateSetVec struct {
	*MetricVec
	stateSetMark

	vec *instrument.StateSets // nil in a no-op vector
}

// StateSetVecOpts are the options of a [StateSetVec].
type StateSetVecOpts struct {
	StateSetOpts

	VariableLabels ConstrainableLabels // labels in addition to the one for the state
}

// NewStateSetVec returns a vector of state sets with these labels, in addition to the one for the
// state.
func NewStateSetVec(opts StateSetOpts, labelNames []string) *StateSetVec {
	return V2.NewStateSetVec(StateSetVecOpts{opts, UnconstrainedLabels(labelNames)})
}

// NewStateSetVec returns a vector of state sets whose labels may have constraints.
func (V2Constructors) NewStateSetVec(opts StateSetVecOpts) *StateSetVec {
	return stateSetVec(instrument.NewStateSets(opts.common(), opts.VariableLabels, opts.States, opts.Initial))
}

// stateSetMark marks a StateSetVec as one of our own; see [counterMark].
type stateSetMark = instrument.Mark[StateSetVec]

func stateSetVec(v *instrument.StateSets) *StateSetVec {
	return &StateSetVec{&MetricVec{v}, instrument.MarkOf[StateSetVec](instrument.StateVecOf(v)), v}
}

func (v *StateSetVec) noOp() *instrument.NoOpStateSets {
	if core := v.coreOrNil(); core != nil {
		return core.(*instrument.NoOpStateSets) //nolint:forcetypeassert // As in NoOpVecOf.
	}
	return instrument.NoOpVecOf(nil, instrument.NoOpStateSet())
}

// GetMetricWithLabelValues returns the state set with these label values; see
// [CounterVec.GetMetricWithLabelValues].
func (v *StateSetVec) GetMetricWithLabelValues(values ...string) (StateSet, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is like [StateSetVec.GetMetricWithLabelValues], with the label values by name.
func (v *StateSetVec) GetMetricWith(labels Labels) (StateSet, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is like [StateSetVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *StateSetVec) WithLabelValues(values ...string) StateSet {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	return must(v.vec.Get(values))
}

// With is like [StateSetVec.GetMetricWith], but panics where that returns an error.
func (v *StateSetVec) With(labels Labels) StateSet {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed; see [CounterVec.CurryWith].
func (v *StateSetVec) CurryWith(labels Labels) (*StateSetVec, error) {
	if v.vec == nil {
		return &StateSetVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return stateSetVec(curried), nil
}

// MustCurryWith is like [StateSetVec.CurryWith], but panics where that returns an error.
func (v *StateSetVec) MustCurryWith(labels Labels) *StateSetVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
func (v *StateSetVec) Replace(build func(*StateSetVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&StateSetVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(stateSetVec(aside))
	v.vec.Adopt(aside)
}
