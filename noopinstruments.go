package metric

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// noOp holds the instruments that remember nothing. They have no state, so one of each kind is
// enough.
var noOp = struct {
	counter   *noOpCounter
	gauge     *noOpGauge
	histogram *noOpHistogram
	summary   *noOpSummary
}{
	&noOpCounter{noOpMetric: newNoOpMetric(model.Counter)},
	&noOpGauge{noOpMetric: newNoOpMetric(model.Gauge)},
	&noOpHistogram{noOpMetric: newNoOpMetric(model.Histogram)},
	&noOpSummary{noOpMetric: newNoOpMetric(model.Summary)},
}

// noOpMetric is what all no-op instruments have in common.
type noOpMetric struct{ family *family }

func newNoOpMetric(t model.Type) noOpMetric {
	return noOpMetric{newFamily(t, Opts{Name: "noop_" + t.String(), Help: "A metric that is not exposed."}, nil)}
}

// Desc returns a valid descriptor, for code that asks every metric for one.
func (m *noOpMetric) Desc() *Desc { return m.family.desc }

// Describe sends nothing: if it did, no two could be registered.
func (*noOpMetric) Describe(chan<- *Desc) {}

// Collect sends nothing.
func (*noOpMetric) Collect(chan<- Metric) {}

func (m *noOpMetric) write(out *MetricData, p model.Point) error {
	clientmodel.EncodePoint(out, m.family.Type, &p)
	return nil
}

// noOpCounter is a counter that is not exposed.
type noOpCounter struct {
	noOpMetric

	sum *stripe.Counter // Nil if it remembers nothing.
}

func newNoOpCounter() *noOpCounter { return &noOpCounter{noOp.counter.noOpMetric, new(stripe.Counter)} }

func (c *noOpCounter) Inc() { c.Add(1) }
func (c *noOpCounter) Add(v float64) {
	if c.sum != nil && !(v < 0) {
		c.sum.Add(v)
	}
}
func (c *noOpCounter) AddWithExemplar(v float64, _ Labels)         { c.Add(v) }
func (c *noOpCounter) AddWithContext(_ context.Context, v float64) { c.Add(v) }
func (c *noOpCounter) IncWithContext(context.Context)              { c.Add(1) }
func (c *noOpCounter) Get() float64 {
	if c.sum == nil {
		return 0
	}
	return c.sum.Value()
}
func (c *noOpCounter) Write(out *MetricData) error { return c.write(out, model.Point{Value: c.Get()}) }

// noOpGauge is a gauge that is not exposed.
type noOpGauge struct {
	noOpMetric

	value *gauge // Nil if it remembers nothing.
}

func newNoOpGauge() *noOpGauge { return &noOpGauge{noOp.gauge.noOpMetric, new(gauge)} }

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
func (g *noOpGauge) Write(out *MetricData) error { return g.write(out, model.Point{Value: g.Get()}) }

// noOpHistogram is a histogram that is not exposed.
type noOpHistogram struct {
	noOpMetric

	counts *histogram // Nil if it remembers nothing.
}

func newNoOpHistogram(shape *histogramShape) *noOpHistogram {
	h := alone[histogram](noOp.histogram.family)
	h.init(shape)
	return &noOpHistogram{noOp.histogram.noOpMetric, h}
}

// noOpBuckets returns the shape of a histogram with these buckets, or with one for all
// observations if a real one cannot have them.
func noOpBuckets(buckets []float64) *histogramShape {
	if checkBounds(buckets) != nil {
		return &histogramShape{bounds: newBucketBounds(nil)}
	}
	return newHistogramShape(noOp.histogram.family, HistogramOpts{Buckets: buckets})
}

func (h *noOpHistogram) Observe(v float64) {
	if h.counts != nil {
		h.counts.Observe(v)
	}
}
func (h *noOpHistogram) ObserveWithExemplar(v float64, _ Labels)         { h.Observe(v) }
func (h *noOpHistogram) ObserveWithContext(_ context.Context, v float64) { h.Observe(v) }
func (h *noOpHistogram) Write(out *MetricData) error {
	if h.counts == nil {
		return h.write(out, model.Point{Histogram: &model.HistogramValue{}})
	}
	return h.counts.Write(out)
}

// noOpSummary is a summary that is not exposed.
type noOpSummary struct {
	noOpMetric

	counts *summary // Nil if it remembers nothing. It has no quantiles, which take memory and time.
}

func newNoOpSummary() *noOpSummary {
	s := alone[summary](noOp.summary.family)
	s.init(&summaryShape{})
	return &noOpSummary{noOp.summary.noOpMetric, s}
}

func (s *noOpSummary) Observe(v float64) {
	if s.counts != nil {
		s.counts.Observe(v)
	}
}

func (s *noOpSummary) Write(out *MetricData) error {
	if s.counts == nil {
		return s.write(out, model.Point{Summary: &model.SummaryValue{}})
	}
	return s.counts.Write(out)
}

// noOpVec implements vecCore for instruments that are not exposed. The typed vectors around it
// have no vec.
type noOpVec struct {
	vecIndex[Metric] // Without a family if no label values fit.

	none Metric        // What remembers nothing.
	make func() Metric // Makes what does.
}

// newNoOpVec returns a vector with these labels. If real ones cannot have them, no label values
// fit.
func newNoOpVec(none Metric, labelNames []string, newMetric func() Metric) *noOpVec {
	v := &noOpVec{none: none, make: newMetric}
	if NewDesc("noop", "", labelNames, nil).Err() == nil {
		f := &family{layout: model.NewLayout(nil, slices.Clone(labelNames))}
		v.vecIndex = newVecIndex(f, labelmap.New[Metric](f.layout), nil)
	}
	return v
}

// get returns the instrument with these label values.
func (v *noOpVec) get(values []string) Metric {
	if v.family == nil || len(values) != len(v.family.names())-len(v.curried) {
		return v.none
	}
	var inline [inlineLabels]string
	return v.find(v.appendAll(inline[:0], values))
}

// getNamed returns the instrument with these label values by name.
func (v *noOpVec) getNamed(labels Labels) Metric {
	if v.family == nil {
		return v.none
	}
	for _, name := range v.family.names() {
		_, given := labels[name]
		if given == slices.ContainsFunc(v.curried, func(c curriedLabel) bool { return v.family.names()[c.index] == name }) {
			return v.none
		}
	}
	if len(labels) != len(v.family.names())-len(v.curried) {
		return v.none
	}
	var inline [inlineLabels]string
	all, err := v.appendNamed(inline[:0], labels)
	if err != nil {
		return v.none
	}
	return v.find(all)
}

// find returns the instrument with the values of all labels, and makes it if there is none.
// There may be a few more than maxNoOp of them if they are made at the same time.
func (v *noOpVec) find(all []string) Metric {
	if e := v.children.Get(all); e != nil {
		return e.Child
	}
	if v.children.Len() >= maxNoOp {
		return v.none
	}
	for _, value := range all {
		if !utf8.ValidString(value) {
			return v.none
		}
	}
	return v.children.GetOrCreate(all, func(e *labelmap.Entry[Metric]) { e.Child = v.make() }).Child
}

// curryWith returns the vector with more labels fixed. Where a real one could not fix them, it
// is the vector itself.
func (v *noOpVec) curryWith(labels Labels) *noOpVec {
	if v.family == nil || len(labels) == 0 {
		return v
	}
	curried, err := v.curry(labels)
	if err != nil || slices.ContainsFunc(curried.curried, func(c curriedLabel) bool { return !utf8.ValidString(c.value) }) {
		return v
	}
	return &noOpVec{curried, v.none, v.make}
}

func (v *noOpVec) metric(values []string) (Metric, error)     { return v.get(values), nil }
func (v *noOpVec) metricNamed(labels Labels) (Metric, error)  { return v.getNamed(labels), nil }
func (v *noOpVec) curriedCore(labels Labels) (vecCore, error) { return v.curryWith(labels), nil }
func (v *noOpVec) deleteValues(values []string) bool {
	return v.family != nil && v.vecIndex.deleteValues(values)
}
func (v *noOpVec) deleteNamed(labels Labels) bool {
	return v.family != nil && v.vecIndex.deleteNamed(labels)
}
func (*noOpVec) describe(chan<- *Desc) {}
func (*noOpVec) collect(chan<- Metric) {}

func (v *noOpVec) deletePartial(labels Labels) int {
	if v.family == nil {
		return 0
	}
	return v.vecIndex.deletePartial(labels)
}

func (v *noOpVec) reset() {
	if v.family != nil {
		v.vecIndex.reset()
	}
}

// noOpVec returns the core of a no-op vector. Its methods are called without an interface, so
// that the label values that users give stay where they are. A MetricVec that is missing, as in
// a vector that no function has made, remembers nothing.
func (v *MetricVec) noOpVec(none Metric) *noOpVec {
	if v == nil {
		return &noOpVec{none: none}
	}
	return v.core.(*noOpVec)
}

// curryNoOp returns the vector with more labels fixed, or itself if it already is that.
func (v *MetricVec) curryNoOp(none Metric, labels Labels) *MetricVec {
	was := v.noOpVec(none)
	if is := was.curryWith(labels); is != was {
		return &MetricVec{is}
	}
	return v
}
