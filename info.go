package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// Info is a metric whose value is always 1 and whose labels tell something, such as the version
// of a program. The labels that tell it, the info labels, can be replaced: the old ones and the
// new ones change places at once, so that every scrape has exactly one series.
//
// In PromQL, the name ends in _info. OpenMetrics has a type for infos; the other formats, [Gatherer]
// and other registries have a gauge of that name in its place.
//
// Infos are safe for concurrent use.
type Info interface {
	Metric
	Collector

	// Set replaces the info labels by labels, which it copies. It panics where TrySet
	// returns an error.
	Set(labels Labels)

	// TrySet is Set, but returns an error, and changes nothing, if the names in labels are not
	// those of the info labels or a value is not valid UTF-8. An empty value is like a label
	// that is not there.
	TrySet(labels Labels) error

	// Labels returns a copy of the info labels, or nil if they have not been set yet.
	Labels() Labels
}

// InfoOpts are the options of an info.
type InfoOpts struct {
	// Namespace, Subsystem and Name are joined with underscores. The full name always ends in
	// _info: NewInfo adds the suffix to a Name that lacks it.
	Namespace, Subsystem, Name string

	Help        string
	ConstLabels Labels // Labels besides the info labels, which Set does not replace.
}

func (o InfoOpts) common() prometheus.Opts {
	return prometheus.Opts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, ConstLabels: o.ConstLabels}
}

// NewInfo returns an info. The names in labels are those of its info labels for good; their
// values are the first ones. Errors in opts and labels are reported when it is registered.
func NewInfo(opts InfoOpts, labels Labels) Info { return instrument.NewInfo(opts.common(), labels) }

// InfoVec is a set of infos that differ in the values of their variable labels, such as the name
// of a device; its info labels tell something about each, such as its model. An info of a vector
// with info labels is not exposed before Set is called. InfoVec is safe for concurrent
// use; see CounterVec for more.
type InfoVec struct {
	*MetricVec
	infoMark

	vec *instrument.Infos // Nil in a no-op vector.
}

// InfoVecOpts are the options of an InfoVec.
type InfoVecOpts struct {
	InfoOpts

	VariableLabels ConstrainableLabels // The labels that an info is found by.
	InfoLabels     []string            // The names of the labels that Set replaces.
}

// NewInfoVec returns a vector of infos that are found by labelNames and whose Set replaces
// infoLabels. It keeps neither slice.
func NewInfoVec(opts InfoOpts, labelNames, infoLabels []string) *InfoVec {
	return V2.NewInfoVec(InfoVecOpts{opts, UnconstrainedLabels(labelNames), infoLabels})
}

// NewInfoVec returns a vector of infos whose variable labels may be constrained.
func (v2) NewInfoVec(opts InfoVecOpts) *InfoVec {
	return infoVec(instrument.NewInfos(opts.common(), opts.VariableLabels, opts.InfoLabels))
}

// infoMark is what counterMark is for a CounterVec.
type infoMark = instrument.Mark[InfoVec]

func infoVec(v *instrument.Infos) *InfoVec {
	return &InfoVec{&MetricVec{v}, instrument.MarkOf[InfoVec](v), v}
}

func (v *InfoVec) noOp() *instrument.NoOpInfos {
	if core := v.coreOrNil(); core != nil {
		return core.(*instrument.NoOpInfos) //nolint:forcetypeassert // As in NoOpVecOf.
	}
	return instrument.NoOpVecOf(nil, instrument.NoOpInfo())
}

// GetMetricWithLabelValues returns the info with these label values; see CounterVec.
func (v *InfoVec) GetMetricWithLabelValues(values ...string) (Info, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name.
func (v *InfoVec) GetMetricWith(labels Labels) (Info, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is GetMetricWithLabelValues, but panics where that returns an error.
func (v *InfoVec) WithLabelValues(values ...string) Info {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	return must(v.vec.Get(values))
}

// With is GetMetricWith, but panics where that returns an error.
func (v *InfoVec) With(labels Labels) Info {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the variable labels fixed; see CounterVec.
func (v *InfoVec) CurryWith(labels Labels) (*InfoVec, error) {
	if v.vec == nil {
		return &InfoVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return infoVec(curried), nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *InfoVec) MustCurryWith(labels Labels) *InfoVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
func (v *InfoVec) Replace(build func(*InfoVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&InfoVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(infoVec(aside))
	v.vec.Adopt(aside)
}
