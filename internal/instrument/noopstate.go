package instrument

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// noOpInfo is an info that is not exposed. Unlike the no-op instruments in [NoOp], it is only in
// programs that use it.
type noOpInfo struct {
	noOpMetric

	info *Info // nil if it stores nothing
}

// NoOpInfos holds the infos of a no-op vector.
type NoOpInfos = NoOpVec[*noOpInfo]

var noOpOpts = prometheus.Opts{Name: "noop"}

// NewNoOpInfo returns an info that is not exposed, but stores its labels.
func NewNoOpInfo(labels prometheus.Labels) *noOpInfo { //nolint:revive // Like the fields of NoOp.
	return &noOpInfo{newNoOpMetric(model.Info), NewInfo(noOpOpts, labels)}
}

// NoOpInfo returns an info that stores nothing.
func NoOpInfo() *noOpInfo { //nolint:revive // Like the fields of NoOp.
	return &noOpInfo{noOpMetric: newNoOpMetric(model.Info)}
}

// NewNoOpInfos returns infos with the given labels.
func NewNoOpInfos(labelNames, infoLabels []string) *NoOpInfos {
	none := NoOpInfo()
	f := newInfoFamily(noOpOpts, nil, infoLabels)
	return newNoOpVec(none, labelNames, func() *noOpInfo { return &noOpInfo{none.noOpMetric, newSingle[Info](f)} })
}

func (i *noOpInfo) Set(labels prometheus.Labels) { _ = i.TrySet(labels) }

// TrySet returns no error: a no-op instrument accepts everything.
func (i *noOpInfo) TrySet(labels prometheus.Labels) error {
	if i.info != nil {
		_ = i.info.TrySet(labels)
	}
	return nil
}

func (i *noOpInfo) Labels() prometheus.Labels {
	if i.info == nil {
		return nil
	}
	return i.info.Labels()
}

func (i *noOpInfo) Write(out *clientmodel.Metric) error {
	if i.info == nil {
		return i.write(out, model.Point{Value: 1})
	}
	return i.info.Write(out)
}

// noOpStateSet is a state set that is not exposed.
type noOpStateSet struct {
	noOpMetric

	states *StateSet // nil if it stores nothing
}

// NoOpStateSets holds the state sets of a no-op vector.
type NoOpStateSets = NoOpVec[*noOpStateSet]

// NewNoOpStateSet returns a state set that is not exposed, but stores its states.
func NewNoOpStateSet(states []string) *noOpStateSet { //nolint:revive // Like the fields of NoOp.
	return &noOpStateSet{newNoOpMetric(model.StateSet), NewStateSet(noOpOpts, states, "")}
}

// NoOpStateSet returns a state set that stores nothing.
func NoOpStateSet() *noOpStateSet { //nolint:revive // Like the fields of NoOp.
	return &noOpStateSet{noOpMetric: newNoOpMetric(model.StateSet)}
}

// NewNoOpStateSets returns state sets with the given labels.
func NewNoOpStateSets(labelNames, states []string) *NoOpStateSets {
	none := NoOpStateSet()
	f := newStateFamily(noOpOpts, nil, states, "")
	return newNoOpVec(none, labelNames, func() *noOpStateSet { return &noOpStateSet{none.noOpMetric, newSingle[StateSet](f)} })
}

func (s *noOpStateSet) Set(state string) { _ = s.TrySet(state) }

// TrySet returns no error: a no-op instrument accepts everything.
func (s *noOpStateSet) TrySet(state string) error {
	if s.knows(state) {
		s.states.Set(state)
	}
	return nil
}

func (s *noOpStateSet) Enable(state string) {
	if s.knows(state) {
		s.states.Enable(state)
	}
}

func (s *noOpStateSet) Disable(state string) {
	if s.knows(state) {
		s.states.Disable(state)
	}
}

func (s *noOpStateSet) knows(state string) bool {
	return s.states != nil && s.states.family.states.index(state) >= 0
}

func (s *noOpStateSet) Has(state string) bool { return s.states != nil && s.states.Has(state) }

func (s *noOpStateSet) State() string {
	if s.states == nil {
		return ""
	}
	return s.states.State()
}

// Write implements Metric.
func (s *noOpStateSet) Write(*clientmodel.Metric) error { return s.family.misuse(errSeveral) }
