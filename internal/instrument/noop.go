package instrument

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// NoOp holds the instruments that remember nothing. They have no state, so one of each kind is
// enough.
var NoOp = struct {
	Counter   *NoOpCounter
	Gauge     *NoOpGauge
	Histogram *NoOpHistogram
	Summary   *NoOpSummary
}{
	&NoOpCounter{noOpMetric: newNoOpMetric(model.Counter)},
	&NoOpGauge{noOpMetric: newNoOpMetric(model.Gauge)},
	&NoOpHistogram{noOpMetric: newNoOpMetric(model.Histogram)},
	&NoOpSummary{noOpMetric: newNoOpMetric(model.Summary)},
}

// noOpMetric is what all no-op instruments have in common.
type noOpMetric struct{ family *Family }

func newNoOpMetric(t model.Type) noOpMetric {
	return noOpMetric{newFamily(t, prometheus.Opts{Name: "noop_" + t.String(), Help: "A metric that is not exposed."}, nil)}
}

// Desc returns a valid descriptor, for code that asks every metric for one.
func (m *noOpMetric) Desc() *prometheus.Desc { return m.family.desc }

// Describe sends nothing: if it did, no two could be registered.
func (*noOpMetric) Describe(chan<- *prometheus.Desc) {}

// Collect sends nothing.
func (*noOpMetric) Collect(chan<- prometheus.Metric) {}

func (m *noOpMetric) write(out *dto.Metric, p model.Point) error {
	clientmodel.EncodePoint(out, m.family.Type, &p)
	return nil
}

// NoOpCounter is a counter that is not exposed.
type NoOpCounter struct {
	noOpMetric

	sum *stripe.Counter // Nil if it remembers nothing.
}

func NewNoOpCounter() *NoOpCounter { return &NoOpCounter{NoOp.Counter.noOpMetric, new(stripe.Counter)} }

func (c *NoOpCounter) Inc() { c.Add(1) }
func (c *NoOpCounter) Add(v float64) {
	if c.sum != nil && !(v < 0) {
		c.sum.Add(v)
	}
}
func (c *NoOpCounter) AddWithExemplar(v float64, _ prometheus.Labels) { c.Add(v) }
func (c *NoOpCounter) AddWithContext(_ context.Context, v float64)    { c.Add(v) }
func (c *NoOpCounter) IncWithContext(context.Context)                 { c.Add(1) }
func (c *NoOpCounter) Get() float64 {
	if c.sum == nil {
		return 0
	}
	return c.sum.Value()
}
func (c *NoOpCounter) Write(out *dto.Metric) error { return c.write(out, model.Point{Value: c.Get()}) }

// NoOpGauge is a gauge that is not exposed.
type NoOpGauge struct {
	noOpMetric

	value *Gauge // Nil if it remembers nothing.
}

func NewNoOpGauge() *NoOpGauge { return &NoOpGauge{NoOp.Gauge.noOpMetric, new(Gauge)} }

func (g *NoOpGauge) Set(v float64) {
	if g.value != nil {
		g.value.Set(v)
	}
}

func (g *NoOpGauge) SetToCurrentTime() {
	if g.value != nil {
		g.value.SetToCurrentTime()
	}
}

func (g *NoOpGauge) Add(v float64) {
	if g.value != nil {
		g.value.Add(v)
	}
}
func (g *NoOpGauge) Inc()          { g.Add(1) }
func (g *NoOpGauge) Dec()          { g.Add(-1) }
func (g *NoOpGauge) Sub(v float64) { g.Add(-v) }
func (g *NoOpGauge) Get() float64 {
	if g.value == nil {
		return 0
	}
	return g.value.Get()
}
func (g *NoOpGauge) Write(out *dto.Metric) error { return g.write(out, model.Point{Value: g.Get()}) }

// NoOpHistogram is a histogram that is not exposed.
type NoOpHistogram struct {
	noOpMetric

	counts *Histogram // Nil if it remembers nothing.
}

func NewNoOpHistogram(shape *histogramShape) *NoOpHistogram {
	h := alone[Histogram](NoOp.Histogram.family)
	h.init(shape)
	return &NoOpHistogram{NoOp.Histogram.noOpMetric, h}
}

// NoOpBuckets returns the shape of a histogram with these buckets, or with one for all
// observations if a real one cannot have them.
func NoOpBuckets(buckets []float64) *histogramShape {
	if checkBounds(buckets) != nil {
		return &histogramShape{bounds: newBucketBounds(nil)}
	}
	return newHistogramShape(NoOp.Histogram.family, prometheus.HistogramOpts{Buckets: buckets})
}

func (h *NoOpHistogram) Observe(v float64) {
	if h.counts != nil {
		h.counts.Observe(v)
	}
}
func (h *NoOpHistogram) ObserveWithExemplar(v float64, _ prometheus.Labels) { h.Observe(v) }
func (h *NoOpHistogram) ObserveWithContext(_ context.Context, v float64)    { h.Observe(v) }
func (h *NoOpHistogram) Write(out *dto.Metric) error {
	if h.counts == nil {
		return h.write(out, model.Point{Histogram: &model.HistogramValue{}})
	}
	return h.counts.Write(out)
}

// NoOpSummary is a summary that is not exposed.
type NoOpSummary struct {
	noOpMetric

	counts *Summary // Nil if it remembers nothing. It has no quantiles, which take memory and time.
}

func NewNoOpSummary() *NoOpSummary {
	s := alone[Summary](NoOp.Summary.family)
	s.init(&summaryShape{})
	return &NoOpSummary{NoOp.Summary.noOpMetric, s}
}

func (s *NoOpSummary) Observe(v float64) {
	if s.counts != nil {
		s.counts.Observe(v)
	}
}

func (s *NoOpSummary) Write(out *dto.Metric) error {
	if s.counts == nil {
		return s.write(out, model.Point{Summary: &model.SummaryValue{}})
	}
	return s.counts.Write(out)
}
