package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// Info is a metric whose value is always 1 and whose labels carry information, such as the version
// of a program. The labels that carry it, the info labels, can be replaced as a whole, so every
// scrape has exactly one series of the info.
//
// In PromQL, the name ends in _info. OpenMetrics has a type for infos. The other formats,
// [Gatherer] and other registries have a gauge of that name instead.
//
// Infos are safe for concurrent use.
type Info interface {
	Metric
	Collector

	// Set replaces the info labels with a copy of labels. It panics where TrySet returns an error.
	Set(labels Labels)

	// TrySet is like Set, but returns an error instead of panicking: if a name in labels is not the
	// name of an info label, or if a value is not valid UTF-8. It changes nothing then. An empty
	// value is the same as an absent label.
	TrySet(labels Labels) error

	// Labels returns a copy of the info labels, or nil if they have not been set yet.
	Labels() Labels
}

// InfoOpts are the options of an info.
type InfoOpts struct {
	// Namespace, Subsystem and Name are joined with underscores. The full name always ends in
	// _info: NewInfo appends the suffix to a Name without it.
	Namespace, Subsystem, Name string

	Help        string
	ConstLabels Labels // labels in addition to the info labels; Set does not replace them
}

func (o InfoOpts) common() prometheus.Opts {
	return prometheus.Opts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, ConstLabels: o.ConstLabels}
}

// NewInfo returns an info. labels has the names of its info labels, which do not change later, and
// their first values. Registering the info reports errors in opts and labels.
func NewInfo(opts InfoOpts, labels Labels) Info { return instrument.NewInfo(opts.common(), labels) }

// InfoVec is a set of infos that differ in the values of their variable labels, such as the name of
// a device. The info labels carry information about each, such as its model. An info of a vector
// with info labels is not exposed before Set is called. An InfoVec is safe for concurrent use; see
// [CounterVec] and [MetricVec] for more.
type InfoVec struct {
	*MetricVec
	infoMark

	vec *instrument.Infos // nil in a no-op vector
}

// InfoVecOpts are the options of an [InfoVec].
type InfoVecOpts struct {
	InfoOpts

	VariableLabels ConstrainableLabels // labels by which lookups find an info
	InfoLabels     []string            // names of the labels that Set replaces
}

// NewInfoVec returns a vector of infos. Lookups find an info by labelNames, and its Set replaces
// infoLabels. NewInfoVec keeps neither slice.
func NewInfoVec(opts InfoOpts, labelNames, infoLabels []string) *InfoVec {
	return V2.NewInfoVec(InfoVecOpts{opts, UnconstrainedLabels(labelNames), infoLabels})
}

// NewInfoVec returns a vector of infos whose variable labels may have constraints.
func (V2Constructors) NewInfoVec(opts InfoVecOpts) *InfoVec {
	return infoVec(instrument.NewInfos(opts.common(), opts.VariableLabels, opts.InfoLabels))
}

// infoMark marks an InfoVec as one of our own; see [counterMark].
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

// GetMetricWithLabelValues returns the info with these label values; see
// [CounterVec.GetMetricWithLabelValues].
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

// GetMetricWith is like [InfoVec.GetMetricWithLabelValues], with the label values by name.
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

// WithLabelValues is like [InfoVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *InfoVec) WithLabelValues(values ...string) Info {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	return must(v.vec.Get(values))
}

// With is like [InfoVec.GetMetricWith], but panics where that returns an error.
func (v *InfoVec) With(labels Labels) Info {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the variable labels fixed; see [CounterVec.CurryWith].
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

// MustCurryWith is like [InfoVec.CurryWith], but panics where that returns an error.
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
