package metric_test

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

var noOps = map[string]metric.Metrics{
	"NewNoOp":         metric.NewNoOp(),
	"NewNoOpMetrics":  metric.NewNoOpMetrics("app"),
	"New":             metric.NewNoOpFactory().New("app"),
	"NewWithRegistry": metric.NewNoOpFactory().NewWithRegistry("app", metric.NewContextRegistry()),
}

// useNoOp calls everything that does not return a new error or vector, with arguments
// that real instruments would refuse.
func useNoOp(m metric.Metrics) {
	values, labels := []string{"one", "\xff", "too", "many"}, metric.Labels(nil)

	counter := m.NewCounter("", "")
	counter.Inc()
	counter.Add(-1)
	counter.(metric.ExemplarAdder).AddWithExemplar(-1, labels)
	m.NewCounterVec("", "", nil).WithLabelValues(values...).Inc()
	m.NewCounterVec("", "", nil).With(labels).Add(math.NaN())

	gauge := m.NewGauge("", "")
	gauge.Set(1)
	gauge.SetToCurrentTime()
	gauge.Inc()
	gauge.Dec()
	gauge.Add(1)
	gauge.Sub(1)
	m.NewGaugeVec("", "", nil).WithLabelValues(values...).Set(1)
	m.NewGaugeVec("", "", nil).With(labels).Set(1)

	histogram := m.NewHistogram("", "", nil)
	histogram.Observe(1)
	histogram.(metric.ExemplarObserver).ObserveWithExemplar(1, labels)
	m.NewHistogramVec("", "", nil, nil).WithLabelValues(values...).Observe(1)
	m.NewHistogramVec("", "", nil, nil).With(labels).Observe(1)

	m.NewSummary("", "", nil).Observe(1)
	m.NewSummaryVec("", "", nil, nil).WithLabelValues(values...).Observe(1)
	m.NewSummaryVec("", "", nil, nil).With(labels).Observe(1)
}

func TestNoOpReadsAsZero(t *testing.T) {
	for name, m := range noOps {
		t.Run(name, func(t *testing.T) {
			useNoOp(m)
			got := []float64{
				m.NewCounter("x", "").Get(), m.NewCounterVec("x", "", nil).WithLabelValues("a").Get(),
				m.NewGauge("x", "").Get(), m.NewGaugeVec("x", "", nil).With(nil).Get(),
			}
			for i, v := range got {
				if v != 0 {
					t.Errorf("value %d is %v", i, v)
				}
			}
		})
	}
}

// TestNoOpTakesContexts: a program that uses what only instruments of this package have
// goes on without them.
func TestNoOpTakesContexts(t *testing.T) {
	m := metric.NewNoOp()
	for name, c := range map[string]metric.Counter{"counter": m.NewCounter("x", ""), "of a vector": m.NewCounterVec("x", "", nil).WithLabelValues("a")} {
		c, ok := c.(metric.ContextAdder)
		if !ok {
			t.Fatalf("%s is no ContextAdder", name)
		}
		c.AddWithContext(t.Context(), 1)
		c.IncWithContext(t.Context())
	}
	for name, h := range map[string]metric.Observer{"histogram": m.NewHistogram("x", "", nil), "of a vector": m.NewHistogramVec("x", "", nil, nil).WithLabelValues("a")} {
		h, ok := h.(metric.ContextObserver)
		if !ok {
			t.Fatalf("%s is no ContextObserver", name)
		}
		h.ObserveWithContext(t.Context(), 1)
	}
}

func TestNoOpDoesNotAllocate(t *testing.T) {
	m := metric.NewNoOp()
	if n := testing.AllocsPerRun(100, func() { useNoOp(m) }); n != 0 {
		t.Errorf("using no-op instruments allocates %v times", n)
	}
	values := []string{"c"} // Through an interface, the caller's literal escapes.
	vectors := func() {
		m.NewCounterVec("x", "", nil).WithLabelValues("a", "b").Inc()
		m.NewGaugeVec("x", "", nil).WithLabelValues("a", "b").Inc()
		m.NewHistogramVec("x", "", nil, nil).WithLabelValues("a", "b").Observe(1)
		m.NewSummaryVec("x", "", nil, nil).With(metric.Labels{"a": "b"}).Observe(1)
		m.NewCounterVec("x", "", nil).MustCurryWith(metric.Labels{"a": "b"}).WithLabelValues("c").Inc()
		m.NewHistogramVec("x", "", nil, nil).MustCurryWith(nil).WithLabelValues(values...).Observe(1)
		m.NewCounterVec("x", "", nil).Reset()
	}
	if n := testing.AllocsPerRun(100, vectors); n != 0 {
		t.Errorf("using no-op vectors allocates %v times", n)
	}
	create := func() {
		_ = metric.NewNoOpMetrics("app").Registry().Register(m.NewCounter("x", ""))
		_ = metric.NewNoOpFactory().New("app")
	}
	if n := testing.AllocsPerRun(100, create); n != 0 {
		t.Errorf("making no-op metrics allocates %v times", n)
	}
}

// anyVector is what all vectors have in common.
type anyVector interface {
	metric.Collector
	DeleteLabelValues(values ...string) bool
	Delete(labels metric.Labels) bool
	DeletePartialMatch(labels metric.Labels) int
	Reset()
}

func noOpVectors(m metric.Metrics) map[string]anyVector {
	return map[string]anyVector{
		"counter":           m.NewCounterVec("x", "", nil),
		"curried counter":   m.NewCounterVec("x", "", nil).MustCurryWith(metric.Labels{"a": "\xff"}),
		"gauge":             m.NewGaugeVec("x", "", nil),
		"curried gauge":     m.NewGaugeVec("x", "", nil).MustCurryWith(nil),
		"histogram":         m.NewHistogramVec("x", "", nil, nil),
		"curried histogram": m.NewHistogramVec("x", "", nil, nil).MustCurryWith(nil).(*metric.HistogramVec),
		"summary":           m.NewSummaryVec("x", "", nil, nil),
		"curried summary":   m.NewSummaryVec("x", "", nil, nil).MustCurryWith(nil).(*metric.SummaryVec),
	}
}

func TestNoOpVectors(t *testing.T) {
	for name, v := range noOpVectors(metric.NewNoOp()) {
		t.Run(name, func(t *testing.T) {
			if v.DeleteLabelValues("a") || v.Delete(metric.Labels{"a": "b"}) || v.DeletePartialMatch(nil) != 0 {
				t.Error("something was deleted")
			}
			v.Reset()
			wantSilent(t, v)
		})
	}
}

func TestNoOpVectorsGet(t *testing.T) {
	m := metric.NewNoOp()
	counter, gauge := m.NewCounterVec("x", "", nil), m.NewGaugeVec("x", "", nil)
	histogram, summary := m.NewHistogramVec("x", "", nil, nil), m.NewSummaryVec("x", "", nil, nil)
	get := func(c any, err error) {
		t.Helper()
		if c == nil || err != nil {
			t.Errorf("got %v, %v", c, err)
		}
	}
	for range 2 {
		c, err := counter.GetMetricWithLabelValues("\xff")
		get(c, err)
		c, err = counter.GetMetricWith(nil)
		get(c, err)
		g, err := gauge.GetMetricWithLabelValues("\xff")
		get(g, err)
		g, err = gauge.GetMetricWith(nil)
		get(g, err)
		o, err := histogram.GetMetricWithLabelValues("\xff")
		get(o, err)
		o, err = histogram.GetMetricWith(nil)
		get(o, err)
		o, err = summary.GetMetricWithLabelValues("\xff")
		get(o, err)
		o, err = summary.GetMetricWith(nil)
		get(o, err)
		m, err := counter.MetricVec.GetMetricWithLabelValues("\xff")
		get(m, err)
		m, err = counter.MetricVec.GetMetricWith(nil)
		get(m, err)
		v, err := counter.MetricVec.CurryWith(nil)
		get(v, err)
	}
	if _, ok := histogram.With(nil).(metric.Histogram); !ok {
		t.Error("what a histogram vector returns is not a Histogram")
	}
	if _, ok := summary.With(nil).(metric.Summary); !ok {
		t.Error("what a summary vector returns is not a Summary")
	}
}

// wantSilent checks that c neither describes nor collects anything.
func wantSilent(t *testing.T, c metric.Collector) {
	t.Helper()
	descs, metrics := make(chan *metric.Desc, 1), make(chan metric.Metric, 1)
	c.Describe(descs)
	c.Collect(metrics)
	if len(descs)+len(metrics) > 0 {
		t.Errorf("%T describes or collects something", c)
	}
}

func TestNoOpIsHarmlessToRegister(t *testing.T) {
	m := metric.NewNoOp()
	all := []metric.Collector{m.NewCounter("x", ""), m.NewGauge("x", ""), m.NewHistogram("x", "", nil), m.NewSummary("x", "", nil)}
	for _, v := range noOpVectors(m) {
		all = append(all, v)
	}
	for name, reg := range map[string]interface {
		metric.Registerer
		metric.Gatherer
	}{
		"ours":     metric.NewContextRegistry(),
		"pedantic": metric.NewPedanticRegistry(),
		"foreign":  prometheus.NewPedanticRegistry(),
		"no-op":    metric.NewNoOpRegistry(),
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				reg.MustRegister(all...)
				metric.WrapRegistererWithPrefix("p_", reg).MustRegister(all...)
			}
			if families, err := reg.Gather(); len(families) != 0 || err != nil {
				t.Errorf("gathered %v, %v", families, err)
			}
			for _, c := range all {
				wantSilent(t, c)
				reg.Unregister(c)
			}
		})
	}
}

func TestNoOpAsMetric(t *testing.T) {
	m := metric.NewNoOp()
	for kind, i := range map[string]metric.Metric{
		"counter": m.NewCounter("x", ""), "gauge": m.NewGauge("x", ""),
		"histogram": m.NewHistogram("x", "", nil), "summary": m.NewSummary("x", "", nil),
	} {
		var out metric.MetricData
		if err := i.Write(&out); err != nil || i.Desc().Err() != nil {
			t.Errorf("%s: %v, %v", kind, err, i.Desc())
		}
		set := map[string]bool{
			"counter": out.Counter != nil, "gauge": out.Gauge != nil,
			"histogram": out.Histogram != nil, "summary": out.Summary != nil,
		}
		for other, is := range set {
			if is != (other == kind) {
				t.Errorf("a %s is written as %v", kind, &out)
			}
		}
	}
}

func TestNoOpConcurrently(t *testing.T) {
	m := metric.NewNoOp()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { useNoOp(m) })
	}
	group.Wait()
}

func TestNoOpRegistry(t *testing.T) {
	var reg metric.Registerer = metric.NewNoOpRegistry()
	c := metric.NewCounter(metric.CounterOpts{}) // Not valid.
	for range 2 {
		if err := reg.Register(c); err != nil {
			t.Error(err)
		}
		reg.MustRegister(c, nil)
		if !reg.Unregister(c) {
			t.Error("it did not accept to unregister")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var g metric.GathererWithContext = metric.NewNoOpRegistry()
	if families, err := g.GatherWithContext(ctx); families != nil || err != nil {
		t.Errorf("gathered %v, %v", families, err)
	}
	if families, err := g.Gather(); families != nil || err != nil {
		t.Errorf("gathered %v, %v", families, err)
	}
	if _, ok := metric.NewNoOp().Registry().(*metric.NoOpRegistry); !ok {
		t.Error("no-op Metrics have another registry")
	}
}
