package metric

import (
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/instrument"
)

// StateMetrics are [Metrics] that can make infos and state sets. All Metrics of this package
// implement it. The methods are not part of Metrics because other packages have implemented that
// interface; see [NewInfoIn], [NewInfoVecIn], [NewStateSetIn] and [NewStateSetVecIn].
type StateMetrics interface {
	Metrics

	// NewInfo returns the info with that name. The name need not end in _info. When the name is
	// asked for again, the first values of the info labels must agree, too.
	NewInfo(name, help string, labels Labels) Info

	// NewInfoVec returns the vector of infos with that name, one for each combination of values of
	// the labels.
	NewInfoVec(name, help string, labelNames, infoLabels []string) *InfoVec

	// NewStateSet returns the state set with that name. No state is on at first.
	NewStateSet(name, help string, states []string) StateSet

	// NewStateSetVec returns the vector of state sets with that name.
	NewStateSetVec(name, help string, labelNames, states []string) *StateSetVec
}

// NewInfoIn makes an info, see [NewInfo], in the namespace of m, and registers it with the
// registerer of m, as the methods of m do for other instruments. It panics where those methods
// panic, and if m does not implement [StateMetrics].
func NewInfoIn(m Metrics, name, help string, labels Labels) Info {
	return stateMetrics(m, name).NewInfo(name, help, labels)
}

// NewInfoVecIn is like [NewInfoIn], but makes a vector of infos; see [NewInfoVec].
func NewInfoVecIn(m Metrics, name, help string, labelNames, infoLabels []string) *InfoVec {
	return stateMetrics(m, name).NewInfoVec(name, help, labelNames, infoLabels)
}

// NewStateSetIn is like [NewInfoIn], but makes a state set; see [NewStateSet].
func NewStateSetIn(m Metrics, name, help string, states []string) StateSet {
	return stateMetrics(m, name).NewStateSet(name, help, states)
}

// NewStateSetVecIn is like [NewInfoIn], but makes a vector of state sets; see [NewStateSetVec].
func NewStateSetVecIn(m Metrics, name, help string, labelNames, states []string) *StateSetVec {
	return stateMetrics(m, name).NewStateSetVec(name, help, labelNames, states)
}

func stateMetrics(m Metrics, name string) StateMetrics {
	able, ok := m.(StateMetrics)
	if !ok {
		panic(fmt.Errorf("metric: cannot make %q: the Metrics (%T) do not implement StateMetrics", name, m))
	}
	return able
}

// NewInfo implements [StateMetrics].
func (m *prometheusMetrics) NewInfo(name, help string, labels Labels) Info {
	return register(m, name, func() Info {
		return NewInfo(InfoOpts{Namespace: m.namespace, Name: name, Help: help}, labels)
	})
}

// NewInfoVec implements [StateMetrics].
func (m *prometheusMetrics) NewInfoVec(name, help string, labelNames, infoLabels []string) *InfoVec {
	return register(m, name, func() *InfoVec {
		return NewInfoVec(InfoOpts{Namespace: m.namespace, Name: name, Help: help}, slices.Clone(labelNames), infoLabels)
	})
}

// NewStateSet implements [StateMetrics].
func (m *prometheusMetrics) NewStateSet(name, help string, states []string) StateSet {
	return register(m, name, func() StateSet {
		return NewStateSet(StateSetOpts{Namespace: m.namespace, Name: name, Help: help, States: states})
	})
}

// NewStateSetVec implements [StateMetrics].
func (m *prometheusMetrics) NewStateSetVec(name, help string, labelNames, states []string) *StateSetVec {
	return register(m, name, func() *StateSetVec {
		return NewStateSetVec(StateSetOpts{Namespace: m.namespace, Name: name, Help: help, States: states}, slices.Clone(labelNames))
	})
}

// noOpStates holds what noOpMetrics has made as StateMetrics.
type noOpStates struct {
	infos, infoVecs, stateSets, stateSetVecs instrument.Memory[string]
}

// NewInfo implements [StateMetrics].
func (m *noOpStates) NewInfo(name, _ string, labels Labels) Info {
	return instrument.Remember(&m.infos, name, func() Info { return instrument.NewNoOpInfo(labels) })
}

// NewInfoVec implements [StateMetrics].
func (m *noOpStates) NewInfoVec(name, _ string, labelNames, infoLabels []string) *InfoVec {
	return instrument.Remember(&m.infoVecs, name, func() *InfoVec {
		return &InfoVec{MetricVec: &MetricVec{instrument.NewNoOpInfos(labelNames, infoLabels)}}
	})
}

// NewStateSet implements [StateMetrics].
func (m *noOpStates) NewStateSet(name, _ string, states []string) StateSet {
	return instrument.Remember(&m.stateSets, name, func() StateSet { return instrument.NewNoOpStateSet(states) })
}

// NewStateSetVec implements [StateMetrics].
func (m *noOpStates) NewStateSetVec(name, _ string, labelNames, states []string) *StateSetVec {
	return instrument.Remember(&m.stateSetVecs, name, func() *StateSetVec {
		return &StateSetVec{MetricVec: &MetricVec{instrument.NewNoOpStateSets(labelNames, states)}}
	})
}
