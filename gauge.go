package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// Gauge is a value that goes up and down.
//
// Gauges made by this package are safe for concurrent use, do not allocate, and implement
// [ReadableGauge]. [Value] reads any gauge.
type Gauge = prometheus.Gauge

// ReadableGauge is a [Gauge] that can be read. All gauges made by this package implement it.
type ReadableGauge interface {
	Gauge

	// Get returns the current value.
	Get() float64
}

// NewGauge returns a gauge. Registering it reports errors in opts.
func NewGauge(opts GaugeOpts) ReadableGauge { return instrument.NewGauge(opts) }

// GaugeVec is a set of gauges that differ in the values of their labels. It is safe for concurrent
// use; see [CounterVec] and [MetricVec] for more.
type GaugeVec struct {
	*MetricVec
	gaugeMark

	vec *instrument.Gauges // nil in a no-op vector
}

// NewGaugeVec returns a vector of gauges with these labels.
func NewGaugeVec(opts GaugeOpts, labelNames []string) *GaugeVec {
	return V2.NewGaugeVec(GaugeVecOpts{GaugeOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewGaugeVec returns a vector of gauges whose labels may have constraints.
func (V2Constructors) NewGaugeVec(opts GaugeVecOpts) *GaugeVec {
	return gaugeVec(instrument.NewGauges(opts))
}

// gaugeMark marks a GaugeVec as one of our own; see [counterMark].
type gaugeMark = instrument.Mark[GaugeVec]

func gaugeVec(v *instrument.Gauges) *GaugeVec {
	return &GaugeVec{&MetricVec{v}, instrument.MarkOf[GaugeVec](v), v}
}

func (v *GaugeVec) noOp() *instrument.NoOpGauges {
	return instrument.NoOpVecOf(v.coreOrNil(), instrument.NoOp.Gauge)
}

// GetMetricWithLabelValues returns the gauge with these label values; see
// [CounterVec.GetMetricWithLabelValues].
func (v *GaugeVec) GetMetricWithLabelValues(values ...string) (ReadableGauge, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is like [GaugeVec.GetMetricWithLabelValues], with the label values by name.
func (v *GaugeVec) GetMetricWith(labels Labels) (ReadableGauge, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is like [GaugeVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *GaugeVec) WithLabelValues(values ...string) ReadableGauge {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	if e := v.vec.Plain.Get(values); e != nil {
		return &e.Child // Skipping the two calls in between saves 2 ns.
	}
	return must(v.vec.Get(values))
}

// With is like [GaugeVec.GetMetricWith], but panics where that returns an error.
func (v *GaugeVec) With(labels Labels) ReadableGauge {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed; see [CounterVec.CurryWith].
func (v *GaugeVec) CurryWith(labels Labels) (*GaugeVec, error) {
	if v.vec == nil {
		return &GaugeVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return gaugeVec(curried), nil
}

// MustCurryWith is like [GaugeVec.CurryWith], but panics where that returns an error.
func (v *GaugeVec) MustCurryWith(labels Labels) *GaugeVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
func (v *GaugeVec) Replace(build func(*GaugeVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&GaugeVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(gaugeVec(aside))
	v.vec.Adopt(aside)
}
