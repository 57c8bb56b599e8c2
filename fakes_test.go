package metric_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// errTest is the error of collectors that fail in the tests.
var errTest = errors.New("no luck")

// contextKey is the key of a value in the contexts of the tests.
type contextKey struct{}

// desc returns a descriptor without labels for the collectors of the tests.
func desc(name string) *metric.Desc { return metric.NewDesc(name, "Of a test.", nil, nil) }

// describing returns a Describe method that announces families without labels.
func describing(names ...string) func(chan<- *metric.Desc) {
	return func(ch chan<- *metric.Desc) {
		for _, name := range names {
			ch <- desc(name)
		}
	}
}

// one returns a gauge with the value 1.
func one(name string) metric.Metric {
	return metric.MustNewConstMetric(desc(name), metric.GaugeValue, 1)
}

// counterNamed returns a counter without labels.
func counterNamed(name string) metric.ReadableCounter {
	return metric.NewCounter(metric.CounterOpts{Name: name, Help: "h"})
}

// writes is a metric that writes the result of a function.
type writes struct {
	desc  *prometheus.Desc
	write func(*dto.Metric)
}

func (w writes) Desc() *prometheus.Desc { return w.desc }

func (w writes) Write(out *dto.Metric) error {
	w.write(out)
	return nil
}

// rawMetric returns a gauge whose label l is not validated.
func rawMetric(d *metric.Desc, value string) metric.Metric {
	return writes{d, func(out *dto.Metric) {
		out.Label = []*dto.LabelPair{{Name: new("l"), Value: &value}}
		out.Gauge = &dto.Gauge{Value: new(1.0)}
	}}
}

// plain is a collector that takes no context.
type plain struct {
	name    string
	collect func(ch chan<- metric.Metric)
}

func (c plain) Describe(ch chan<- *metric.Desc) { ch <- desc(c.name) }

func (c plain) Collect(ch chan<- metric.Metric) { c.collect(ch) }

// hideContext leaves a collector only the methods of [metric.Collector].
type hideContext struct{ metric.Collector }

// describedBy is a collector of one metric, which it may describe.
type describedBy struct {
	descs  []*prometheus.Desc
	metric prometheus.Metric
}

func (c describedBy) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c describedBy) Collect(ch chan<- prometheus.Metric) {
	if c.metric != nil {
		ch <- c.metric
	}
}

// onlyDescs is a collector that only describes. Pointers distinguish collectors with equal descriptors.
type onlyDescs struct{ descs []*metric.Desc }

func (c *onlyDescs) Describe(ch chan<- *metric.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (*onlyDescs) Collect(chan<- metric.Metric) {}

// uncomparable cannot be compared, although its type can.
type uncomparable struct{ key any }

func (c uncomparable) Describe(chan<- *metric.Desc) {}

func (c uncomparable) Collect(chan<- metric.Metric) {}

// seen returns a collector that records the value in its context.
func seen(values *sync.Map, name string) metric.CollectorWithContext {
	return metric.NewCollectorFunc(describing(name), func(ctx context.Context, _ chan<- metric.Metric) {
		values.Store(name, ctx.Value(contextKey{}))
	})
}

// flood sends metrics for the duration d.
func flood(ch chan<- metric.Metric, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Minute) {
		ch <- metric.MustNewConstMetric(metric.NewDesc("bad", "h", []string{"at"}, nil), metric.GaugeValue, 1, time.Now().String())
	}
}

// stuckCollector does not return for an hour.
type stuckCollector struct {
	desc  *metric.Desc
	calls *atomic.Int64
}

func (c *stuckCollector) Describe(ch chan<- *metric.Desc) { ch <- c.desc }

func (c *stuckCollector) Collect(chan<- metric.Metric) {
	c.calls.Add(1)
	time.Sleep(time.Hour)
}

// scripted is a collector that calls do in each run. The value of its only sample is the number
// of the run.
type scripted struct {
	runs atomic.Int64
	do   func(ctx context.Context) // may be nil
	err  atomic.Pointer[error]
}

func (c *scripted) Describe(ch chan<- *metric.Desc) { ch <- desc("scripted") }

func (c *scripted) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), c, ch)
}

func (c *scripted) CollectTo(ctx context.Context, s *metric.Sink) error {
	n := c.runs.Add(1)
	if c.do != nil {
		c.do(ctx)
	}
	if err := c.err.Load(); err != nil {
		return *err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Gauge(desc("scripted"), float64(n))
}

func (c *scripted) fail(err error) {
	if err == nil {
		c.err.Store(nil)
		return
	}
	c.err.Store(&err)
}

// ignorant is a scripted collector that takes no context.
type ignorant struct{ *scripted }

func (c ignorant) Describe(ch chan<- *metric.Desc) { ch <- desc("scripted") }

func (c ignorant) Collect(ch chan<- metric.Metric) {
	n := c.runs.Add(1)
	if c.do != nil {
		c.do(context.Background())
	}
	ch <- metric.MustNewConstMetric(desc("scripted"), metric.GaugeValue, float64(n))
}

// stream is a stream collector of the families in descs.
type stream struct {
	descs   []*metric.Desc
	collect func(ctx context.Context, s *metric.Sink) error // nil writes nothing
}

func (c *stream) Describe(ch chan<- *metric.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c *stream) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), c, ch)
}

func (c *stream) CollectTo(ctx context.Context, s *metric.Sink) error {
	if c.collect == nil {
		return nil
	}
	return c.collect(ctx, s)
}

// streamOf returns a stream collector of a family without labels.
func streamOf(name string, collect func(context.Context, *metric.Sink) error) metric.StreamCollector {
	return streamWith(collect, desc(name))
}

// streamWith returns a stream collector of any families.
func streamWith(collect func(context.Context, *metric.Sink) error, descs ...*metric.Desc) metric.StreamCollector {
	return &stream{descs, collect}
}

// numberedStream returns a stream collector of n series that have the label n.
func numberedStream(name string, n int) metric.StreamCollector {
	d := numberedDesc(name)
	return streamWith(func(_ context.Context, s *metric.Sink) error { return writeNumbered(s, d, 0, n) }, d)
}

// longStream returns a stream collector that waits, writes n series of value 1 with a KiB of label each,
// and then waits for release, if that is not nil.
func longStream(name string, n int, wait time.Duration, release <-chan struct{}) metric.StreamCollector {
	d := metric.NewDesc(name, "", []string{"i", "padding"}, nil)
	return streamWith(func(_ context.Context, s *metric.Sink) error {
		time.Sleep(wait)
		padding := strings.Repeat("x", 1<<10)
		for i := range n {
			if err := s.Gauge(d, 1, strconv.Itoa(i), padding); err != nil {
				return err
			}
		}
		if release != nil {
			<-release
		}
		return nil
	}, d)
}

// numberedDesc returns a descriptor with label n.
func numberedDesc(name string) *metric.Desc {
	return metric.NewDesc(name, "Of a test.", []string{"n"}, nil)
}

// writeNumbered writes the series with the numbers from to to. A series has its number as its value
// and as its first label value, before the others.
func writeNumbered(s *metric.Sink, d *metric.Desc, from, to int, others ...string) error {
	for i := from; i < to; i++ {
		if err := s.Gauge(d, float64(i), append([]string{strconv.Itoa(i)}, others...)...); err != nil {
			return err
		}
	}
	return nil
}

// hanging is a gatherer that does not return for an hour, whatever its context does.
type hanging struct{ calls atomic.Int64 }

func (g *hanging) Gather() ([]*metric.MetricFamily, error) {
	g.calls.Add(1)
	time.Sleep(time.Hour)
	return nil, nil
}

// gathererFrom hides that g is a registry.
func gathererFrom(g metric.Gatherer) metric.Gatherer { return metric.GathererFunc(g.Gather) }

// gathererOf returns a registry with a gauge of that name and these labels.
func gathererOf(name string, labels metric.Labels) *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: name, Help: "h", ConstLabels: labels}))
	return r
}

// healthy returns a registry with a healthy collector of every kind, and the families that every
// scrape of it must contain.
func healthy(t *testing.T) (*metric.ContextRegistry, []string) {
	t.Helper()
	r := metric.NewContextRegistry()
	counter := metric.NewCounter(metric.CounterOpts{Name: "healthy_native_total", Help: "h"})
	counter.Inc()
	r.MustRegister(counter,
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "healthy_func", Help: "h"}, func() float64 { return 1 }),
		plain{"healthy_plain", func(ch chan<- metric.Metric) { ch <- one("healthy_plain") }},
		metric.NewCollectorFunc(describing("healthy_context"), func(_ context.Context, ch chan<- metric.Metric) {
			ch <- one("healthy_context")
		}),
		streamOf("healthy_stream", func(_ context.Context, s *metric.Sink) error {
			return s.Gauge(desc("healthy_stream"), 1)
		}),
		prometheus.NewGauge(prometheus.GaugeOpts{Name: "healthy_theirs", Help: "h"}),
	)
	return r, []string{
		"healthy_context", "healthy_func", "healthy_native_total", "healthy_plain", "healthy_stream", "healthy_theirs",
	}
}

// forwarder is a user's Registerer that passes collectors on.
type forwarder struct{ to metric.Registerer }

func (f forwarder) Register(c metric.Collector) error { return f.to.Register(c) }

func (f forwarder) MustRegister(cs ...metric.Collector) {
	for _, c := range cs {
		if err := f.Register(c); err != nil {
			panic(err)
		}
	}
}

func (f forwarder) Unregister(c metric.Collector) bool { return f.to.Unregister(c) }
