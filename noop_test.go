package metric_test

import (
	"context"
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// useNoOp calls all methods that do not return a new error or vector, with arguments that real
// instruments would refuse.
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

// TestNoOpRemembers checks that a test can read what a program has counted, also by asking for the
// name.
func TestNoOpRemembers(t *testing.T) {
	for name, m := range map[string]metric.Metrics{
		"NewNoOp":         metric.NewNoOp(),
		"NewNoOpMetrics":  metric.NewNoOpMetrics("x"),
		"New":             metric.NewNoOpFactory().New("x"),
		"NewWithRegistry": metric.NewNoOpFactory().NewWithRegistry("x", metric.NewContextRegistry()),
	} {
		t.Run(name, func(t *testing.T) {
			useNoOp(m) // These have other names.
			counter, gauge := m.NewCounter("c_total", ""), m.NewGauge("g", "")
			counter.Inc()
			counter.Add(5)
			counter.Add(-3) // This changes nothing.
			gauge.Set(4)
			gauge.Inc()
			gauge.Dec()
			gauge.Add(0.5)
			gauge.Sub(1)
			counters := m.NewCounterVec("c_total", "", []string{"a", "b"})
			counters.WithLabelValues("1", "2").Inc()
			counters.With(metric.Labels{"b": "2", "a": "1"}).(metric.ContextAdder).AddWithContext(t.Context(), 2)
			counters.MustCurryWith(metric.Labels{"a": "1"}).WithLabelValues("2").(metric.ExemplarAdder).AddWithExemplar(4, nil)
			counters.WithLabelValues("2", "1").Add(100)
			gauges := m.NewGaugeVec("g", "", []string{"a"})
			gauges.WithLabelValues("x").Set(3)
			for what, got := range map[string][2]float64{
				"counter":               {counter.Get(), 6},
				"counter by its name":   {m.NewCounter("c_total", "").Get(), 6},
				"counter as a metric":   {metric.Value(counter), 6},
				"gauge":                 {gauge.Get(), 3.5},
				"counter of a vector":   {m.NewCounterVec("c_total", "", nil).WithLabelValues("1", "2").Get(), 7},
				"written counter":       {written(t, counter).GetCounter().GetValue(), 6},
				"gauge of a vector":     {gauges.With(metric.Labels{"a": "x"}).Get(), 3},
				"another of the vector": {gauges.With(metric.Labels{"a": "y"}).Get(), 0},
			} {
				if got[0] != got[1] {
					t.Errorf("%s: got %v, want %v", what, got[0], got[1])
				}
			}
		})
	}
}

// TestNoOpHistogramsRemember is like [TestNoOpRemembers] for histograms and summaries. Tests read
// these with Write.
func TestNoOpHistogramsRemember(t *testing.T) {
	m := metric.NewNoOp()
	bad := []float64{2, 1}
	for name, h := range map[string]metric.Observer{
		"histogram": m.NewHistogram("h", "", []float64{1, 2}), "of a vector": m.NewHistogramVec("h", "", []string{"a"}, []float64{1, 2}).WithLabelValues("x"),
		"bad buckets": m.NewHistogram("bad", "", bad), "of a bad vector": m.NewHistogramVec("bad", "", []string{"a"}, bad).WithLabelValues("x"),
		"summary": m.NewSummary("s", "", nil), "of a vector of summaries": m.NewSummaryVec("s", "", []string{"a"}, map[float64]float64{99: 1}).WithLabelValues("x"),
	} {
		h.Observe(1.5)
		h.Observe(2.5)
		if e, ok := h.(metric.ExemplarObserver); ok {
			e.ObserveWithExemplar(3.5, metric.Labels{"": "not valid"})
		} else {
			h.Observe(3.5)
		}
		data := written(t, h)
		histogram, summary := data.GetHistogram(), data.GetSummary()
		if histogram.GetSampleCount()+summary.GetSampleCount() != 3 || histogram.GetSampleSum()+summary.GetSampleSum() != 7.5 {
			t.Errorf("%s: got %v", name, data)
		}
		if b := histogram.GetBucket(); name == "histogram" && (len(b) != 2 || b[1].GetCumulativeCount() != 1) {
			t.Errorf("%s: got the buckets %v", name, b)
		}
	}
}

// TestNoOpFactoryRemembers checks that a test reads what the program has counted with Metrics
// of the same namespace.
func TestNoOpFactoryRemembers(t *testing.T) {
	f := metric.NewNoOpFactory()
	f.New("app").NewCounter("c_total", "").Add(2)
	f.NewWithRegistry("app", nil).NewCounter("c_total", "").Add(3)
	if got := f.New("app").NewCounter("c_total", "").Get(); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if got := f.New("other").NewCounter("c_total", "").Get(); got != 0 {
		t.Errorf("another namespace has %v", got)
	}
	if got := metric.NewNoOpFactory().New("app").NewCounter("c_total", "").Get(); got != 0 {
		t.Errorf("another factory has %v", got)
	}
}

// TestNoOpIsBounded checks that neither series nor instruments grow without end.
func TestNoOpIsBounded(t *testing.T) {
	m := metric.NewNoOp()
	v := m.NewCounterVec("c_total", "", []string{"a"})
	for i := range 1500 {
		v.WithLabelValues(strconv.Itoa(i)).Inc()
		m.NewGauge(strconv.Itoa(i), "").Inc()
	}
	remembered := func(get func(name string) float64) (n int) {
		for i := range 1500 {
			n += int(get(strconv.Itoa(i)))
		}
		return n
	}
	if n := remembered(func(name string) float64 { return v.WithLabelValues(name).Get() }); n != 1000 {
		t.Errorf("%d series are remembered", n)
	}
	if n := remembered(func(name string) float64 { return m.NewGauge(name, "").Get() }); n != 1000 {
		t.Errorf("%d instruments are remembered", n)
	}
	if !v.DeleteLabelValues("0") || v.DeletePartialMatch(metric.Labels{"a": "1"}) != 1 {
		t.Error("series cannot be deleted")
	}
	v.WithLabelValues("1400").Inc()
	if got := v.WithLabelValues("1400").Get(); got != 1 {
		t.Errorf("in the place of one that was deleted is %v", got)
	}
	v.Reset()
	if got := v.WithLabelValues("2").Get(); got != 0 {
		t.Errorf("after Reset a series has %v", got)
	}
}

// TestNoOpTakesWhatDoesNotFit checks that no-op vectors return an instrument that remembers nothing
// for label values that real vectors refuse.
func TestNoOpTakesWhatDoesNotFit(t *testing.T) {
	m := metric.NewNoOp()
	two := m.NewCounterVec("two", "", []string{"a", "b"})
	odd := m.NewCounterVec("odd", "", []string{"a", "a", "\xff", ""})
	for name, get := range map[string]func() metric.ReadableCounter{
		"too few":   func() metric.ReadableCounter { return two.WithLabelValues("1") },
		"too many":  func() metric.ReadableCounter { return two.WithLabelValues("1", "2", "3") },
		"not UTF-8": func() metric.ReadableCounter { return two.WithLabelValues("1", "\xff") },
		"unknown":   func() metric.ReadableCounter { return two.With(metric.Labels{"a": "1", "c": "2"}) },
		"nil":       func() metric.ReadableCounter { return two.With(nil) },
		"curried": func() metric.ReadableCounter {
			return two.MustCurryWith(metric.Labels{"a": "1"}).With(metric.Labels{"a": "1"})
		},
		"odd labels":  func() metric.ReadableCounter { return odd.WithLabelValues("1", "2", "3", "4") },
		"odd curried": func() metric.ReadableCounter { return odd.MustCurryWith(metric.Labels{"a": "1"}).With(nil) },
		"zero vector": func() metric.ReadableCounter { return new(metric.CounterVec).WithLabelValues("1") },
		"zero, by label": func() metric.ReadableCounter {
			return new(metric.CounterVec).MustCurryWith(metric.Labels{"a": "1"}).With(nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			get().Inc()
			if got := get().Get(); got != 0 {
				t.Errorf("got %v", got)
			}
		})
	}
	// Labels that cannot be curried are ignored.
	if got := two.MustCurryWith(metric.Labels{"c": "1"}); got.WithLabelValues("1", "2") != two.WithLabelValues("1", "2") {
		t.Error("the vector is another one")
	}
	odd.Reset()
	if odd.Delete(nil) || odd.DeleteLabelValues("1", "2", "3", "4") || odd.DeletePartialMatch(nil) != 0 {
		t.Error("something was deleted")
	}
}

// TestNoOpTakesContexts checks that a program that uses the additional interfaces of our
// instruments works with no-op ones.
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

// TestNoOpDoesNotAllocate checks that no-op instruments do not allocate when they are used.
func TestNoOpDoesNotAllocate(t *testing.T) {
	m := metric.NewNoOp()
	if n := testing.AllocsPerRun(100, func() { useNoOp(m) }); n != 0 {
		t.Errorf("using no-op instruments allocates %v times", n)
	}
	values := []string{"c"} // A literal in the call would escape, because the call is through an interface.
	two := []string{"a", "b"}
	curried := m.NewCounterVec("x", "", two).MustCurryWith(metric.Labels{"a": "b"})
	observers := m.NewHistogramVec("x", "", two, nil).MustCurryWith(metric.Labels{"b": "c"})
	vectors := func() {
		m.NewCounterVec("x", "", two).WithLabelValues("a", "b").Inc()
		m.NewGaugeVec("x", "", two).WithLabelValues("a", "b").Inc()
		m.NewHistogramVec("x", "", two, nil).WithLabelValues("a", "b").Observe(1)
		m.NewSummaryVec("x", "", two, nil).With(metric.Labels{"a": "b", "b": "c"}).Observe(1)
		m.NewSummaryVec("x", "", two, nil).With(metric.Labels{"a": "b"}).Observe(1)
		curried.WithLabelValues("c").Inc()
		observers.WithLabelValues(values...).Observe(1)
	}
	if n := testing.AllocsPerRun(100, vectors); n != 0 {
		t.Errorf("using no-op vectors allocates %v times", n)
	}
}

// anyVector has the methods that all vectors have in common.
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

// TestNoOpVectors checks that no-op vectors have nothing to delete and nothing to collect.
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

// TestNoOpVectorsGet checks that no-op vectors return an instrument for any label values.
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

// TestNoOpIsHarmlessToRegister registers no-op instruments with registries of both libraries
// several times.
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

// TestNoOpAsMetric checks that a no-op instrument writes a metric of its type, as programs that
// read it expect.
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

// TestNoOpConcurrently uses no-op instruments from many goroutines, for the race detector.
func TestNoOpConcurrently(t *testing.T) {
	m := metric.NewNoOp()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			useNoOp(m)
			for i := range 100 {
				m.NewCounterVec("c_total", "", []string{"a"}).WithLabelValues(strconv.Itoa(i)).Inc()
				m.NewCounter("c_total", "").Add(0.5)
			}
		})
	}
	group.Wait()
	if got := m.NewCounter("c_total", "").Get(); got != 400 {
		t.Errorf("got %v, want 400", got)
	}
	for i := range 100 {
		if got := m.NewCounterVec("c_total", "", nil).WithLabelValues(strconv.Itoa(i)).Get(); got != 8 {
			t.Errorf("series %d has %v, want 8", i, got)
		}
	}
}

// TestNoOpRegistry checks that a no-op registry accepts everything and gathers nothing.
func TestNoOpRegistry(t *testing.T) {
	var reg metric.Registerer = metric.NewNoOpRegistry()
	c := metric.NewCounter(metric.CounterOpts{}) // not valid
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
