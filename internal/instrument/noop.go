package instrument

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// NoOp holds the instruments that store nothing. They have no state, so one of each kind is enough.
var NoOp = struct {
	Counter   *noOpCounter
	Gauge     *noOpGauge
	Histogram *noOpHistogram
	Summary   *noOpSummary
}{
	&noOpCounter{noOpMetric: newNoOpMetric(model.Counter)},
	&noOpGauge{noOpMetric: newNoOpMetric(model.Gauge)},
	&noOpHistogram{noOpMetric: newNoOpMetric(model.Histogram)},
	&noOpSummary{noOpMetric: newNoOpMetric(model.Summary)},
}

// noOpMetric is the common part of all no-op instruments.
type noOpMetric struct{ family *family }

func newNoOpMetric(t model.Type) noOpMetric {
	return noOpMetric{newFamily(t, prometheus.Opts{Name: "noop_" + t.String(), Help: "A metric that is not exposed."}, nil)}
}

// IsNoOp reports whether v is a no-op instrument.
func IsNoOp(v any) bool {
	_, ok := v.(interface{ isNoOp() })
	return ok
}

func (*noOpMetric) isNoOp() {}

// Desc returns a valid descriptor, for code that asks every metric for one.
func (m *noOpMetric) Desc() *prometheus.Desc { return m.family.desc }

// Describe sends nothing, so that any number of no-op instruments can be registered.
func (*noOpMetric) Describe(chan<- *prometheus.Desc) {}

// Collect sends nothing.
func (*noOpMetric) Collect(chan<- prometheus.Metric) {}

func (m *noOpMetric) write(out *clientmodel.Metric, p model.Point) error {
	clientmodel.EncodePoint(out, m.family.Type, &p)
	return nil
}

// noOpCounter is a counter that is not exposed.
type noOpCounter struct {
	noOpMetric

	sum *stripe.Counter // nil if it stores nothing
}

// NewNoOpCounter returns a counter that is not exposed, but stores its value.
func NewNoOpCounter() ReadableCounter { return newNoOpCounter() }

func newNoOpCounter() *noOpCounter { return &noOpCounter{NoOp.Counter.noOpMetric, new(stripe.Counter)} }

func (c *noOpCounter) Inc() { c.Add(1) }
func (c *noOpCounter) Add(v float64) {
	if c.sum != nil && !(v < 0) {
		c.sum.Add(v)
	}
}
func (c *noOpCounter) AddWithExemplar(v float64, _ prometheus.Labels) { c.Add(v) }
func (c *noOpCounter) AddWithContext(_ context.Context, v float64)    { c.Add(v) }
func (c *noOpCounter) IncWithContext(context.Context)                 { c.Add(1) }
func (c *noOpCounter) Get() float64 {
	if c.sum == nil {
		return 0
	}
	return c.sum.Value()
}
func (c *noOpCounter) Write(out *clientmodel.Metric) error {
	return c.write(out, model.Point{Value: c.Get()})
}

// noOpGauge is a gauge that is not exposed.
type noOpGauge struct {
	noOpMetric

	value *Gauge // nil if it stores nothing
}

// NewNoOpGauge returns a gauge that is not exposed, but stores its value.
func NewNoOpGauge() ReadableGauge { return newNoOpGauge() }

func newNoOpGauge() *noOpGauge {
	return &noOpGauge{NoOp.Gauge.noOpMetric, newSingle[Gauge](NoOp.Gauge.family)}
}

func (g *noOpGauge) Set(v float64) {
	if g.value != nil {
		g.value.Set(v)
	}
}

func (g *noOpGauge) SetToCurrentTime() {
	if g.value != nil {
		g.value.SetToCurrentTime()
	}
}

func (g *noOpGauge) Add(v float64) {
	if g.value != nil {
		g.value.Add(v)
	}
}
func (g *noOpGauge) Inc()          { g.Add(1) }
func (g *noOpGauge) Dec()          { g.Add(-1) }
func (g *noOpGauge) Sub(v float64) { g.Add(-v) }
func (g *noOpGauge) Get() float64 {
	if g.value == nil {
		return 0
	}
	return g.value.Get()
}
func (g *noOpGauge) Write(out *clientmodel.Metric) error {
	return g.write(out, model.Point{Value: g.Get()})
}

// noOpHistogram is a histogram that is not exposed.
type noOpHistogram struct {
	noOpMetric

	counts *Histogram // nil if it stores nothing
}

// NewNoOpHistogram returns a histogram that is not exposed, but stores its observations.
func NewNoOpHistogram(buckets []float64) prometheus.Histogram {
	return newNoOpHistogram(noOpBuckets(buckets))
}

func newNoOpHistogram(shape *histogramShape) *noOpHistogram {
	h := newSingle[Histogram](NoOp.Histogram.family)
	h.init(shape)
	return &noOpHistogram{NoOp.Histogram.noOpMetric, h}
}

// noOpBuckets returns the shape of a histogram with the given buckets or, if they are invalid, with a
// single bucket for all observations.
func noOpBuckets(buckets []float64) *histogramShape {
	if checkBounds(buckets) != nil {
		return &histogramShape{bounds: newBucketBounds(nil)}
	}
	return newHistogramShape(NoOp.Histogram.family, prometheus.HistogramOpts{Buckets: buckets})
}

func (h *noOpHistogram) Observe(v float64) {
	if h.counts != nil {
		h.counts.Observe(v)
	}
}
func (h *noOpHistogram) ObserveWithExemplar(v float64, _ prometheus.Labels) { h.Observe(v) }
func (h *noOpHistogram) ObserveWithContext(_ context.Context, v float64)    { h.Observe(v) }
func (h *noOpHistogram) Write(out *clientmodel.Metric) error {
	if h.counts == nil {
		return h.write(out, model.Point{Histogram: &model.HistogramValue{}})
	}
	return h.counts.Write(out)
}

// noOpSummary is a summary that is not exposed.
type noOpSummary struct {
	noOpMetric

	counts *Summary // nil if it stores nothing; without quantiles, which take memory and time
}

// NewNoOpSummary returns a summary that is not exposed, but stores its observations.
func NewNoOpSummary() prometheus.Summary { return newNoOpSummary() }

func newNoOpSummary() *noOpSummary {
	s := newSingle[Summary](NoOp.Summary.family)
	s.init(&summaryShape{})
	return &noOpSummary{NoOp.Summary.noOpMetric, s}
}

func (s *noOpSummary) Observe(v float64) {
	if s.counts != nil {
		s.counts.Observe(v)
	}
}

func (s *noOpSummary) Write(out *clientmodel.Metric) error {
	if s.counts == nil {
		return s.write(out, model.Point{Summary: &model.SummaryValue{}})
	}
	return s.counts.Write(out)
}
