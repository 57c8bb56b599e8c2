package metric_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// replaceable is a vector of any kind with the labels a and b.
type replaceable struct {
	metric.Collector

	set     func(a, b string) // creates a series
	replace func(build func(aside replaceable))
	curry   func(a string) replaceable // returns a vector whose set and curry ignore their first argument
}

// replacing has the methods that the vectors have in common. V is the type of the vector, M its
// instrument, and C the result of currying it.
type replacing[V any, M any, C any] interface {
	metric.Collector
	WithLabelValues(values ...string) M
	MustCurryWith(labels metric.Labels) C
	Replace(build func(V))
}

func replaceableOf[V replacing[V, M, C], M, C any](v V, fill func(M)) replaceable {
	return replaceable{
		Collector: v,
		set:       func(a, b string) { fill(v.WithLabelValues(a, b)) },
		replace:   func(build func(replaceable)) { v.Replace(func(aside V) { build(replaceableOf(aside, fill)) }) },
		curry: func(a string) replaceable {
			return curriedOf(any(v.MustCurryWith(metric.Labels{"a": a})).(V), fill)
		},
	}
}

func curriedOf[V replacing[V, M, C], M, C any](v V, fill func(M)) replaceable {
	return replaceable{
		Collector: v,
		set:       func(_, b string) { fill(v.WithLabelValues(b)) },
		replace:   func(build func(replaceable)) { v.Replace(func(aside V) { build(curriedOf(aside, fill)) }) },
	}
}

// customVec gives a MetricVec the methods that other vectors have.
type customVec struct{ *metric.MetricVec }

func (v customVec) WithLabelValues(values ...string) metric.Metric {
	m, err := v.GetMetricWithLabelValues(values...)
	if err != nil {
		panic(err)
	}
	return m
}

func (v customVec) MustCurryWith(labels metric.Labels) customVec {
	curried, err := v.CurryWith(labels)
	if err != nil {
		panic(err)
	}
	return customVec{curried}
}

func (v customVec) Replace(build func(customVec)) {
	v.MetricVec.Replace(func(aside *metric.MetricVec) { build(customVec{aside}) })
}

// replaceables returns a vector of each kind.
func replaceables() map[string]replaceable {
	labels := []string{"a", "b"}
	custom := metric.NewDesc("m", "", labels, nil)
	lower := prometheus.CounterVecOpts{
		CounterOpts:    prometheus.CounterOpts{Name: "m"},
		VariableLabels: prometheus.ConstrainedLabels{{Name: "a", Constraint: strings.ToLower}, {Name: "b"}},
	}
	return map[string]replaceable{
		"counters":    replaceableOf(metric.NewCounterVec(metric.CounterOpts{Name: "m"}, labels), func(metric.ReadableCounter) {}),
		"constrained": replaceableOf(metric.V2.NewCounterVec(lower), func(metric.ReadableCounter) {}),
		"gauges":      replaceableOf(metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, labels), func(metric.ReadableGauge) {}),
		"histograms":  replaceableOf(metric.NewHistogramVec(metric.HistogramOpts{Name: "m"}, labels), func(metric.Observer) {}),
		"summaries":   replaceableOf(metric.NewSummaryVec(metric.SummaryOpts{Name: "m"}, labels), func(metric.Observer) {}),
		"infos": replaceableOf(metric.NewInfoVec(metric.InfoOpts{Name: "m"}, labels, []string{"c"}),
			func(i metric.Info) { i.Set(metric.Labels{"c": "1"}) }),
		"state sets": replaceableOf(metric.NewStateSetVec(metric.StateSetOpts{Name: "m", States: []string{"on"}}, labels), func(metric.StateSet) {}),
		"custom": replaceableOf(customVec{metric.NewMetricVec(custom, func(values ...string) metric.Metric {
			return metric.MustNewConstMetric(custom, metric.GaugeValue, 1, values...)
		})}, func(metric.Metric) {}),
	}
}

// wantSeries checks the labels a and b of the series that a vector has.
func wantSeries(t *testing.T, v metric.Collector, want ...string) {
	t.Helper()
	got := []string{}
	for _, m := range collected(t, v) {
		values := map[string]string{}
		for _, l := range m.GetLabel() {
			values[l.GetName()] = l.GetValue()
		}
		got = append(got, values["a"]+values["b"])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the series %q, want %q", got, want)
	}
}

func TestReplace(t *testing.T) {
	for name, v := range replaceables() {
		t.Run(name, func(t *testing.T) {
			for _, series := range []string{"x1", "x2", "y1", "y2"} {
				v.set(series[:1], series[1:])
			}
			x := v.curry("x")
			var left replaceable
			v.replace(func(aside replaceable) {
				wantSeries(t, aside)
				aside.set("y", "3")
				aside.set("x", "2")
				aside.curry("x").set("", "4")
				wantSeries(t, v, "x1", "x2", "y1", "y2")
				left = aside
			})
			wantSeries(t, v, "x2", "x4", "y3")
			left.set("z", "1")
			wantSeries(t, left, "z1")
			wantSeries(t, v, "x2", "x4", "y3")

			x.replace(func(aside replaceable) {
				aside.set("", "2")
				aside.set("", "7")
				wantSeries(t, aside, "x2", "x7")
			})
			wantSeries(t, v, "x2", "x7", "y3")
			x.set("", "8")
			v.set("z", "1")
			x.replace(func(replaceable) {})
			wantSeries(t, v, "y3", "z1")
			v.replace(func(replaceable) {})
			wantSeries(t, v)
		})
	}
}

// TestReplacePanics checks that nothing changes if build panics or ends its goroutine.
func TestReplacePanics(t *testing.T) {
	for name, v := range replaceables() {
		t.Run(name, func(t *testing.T) {
			v.set("x", "1")
			boom := any("boom")
			if got := recovered(func() {
				v.replace(func(aside replaceable) {
					aside.set("x", "2")
					panic(boom)
				})
			}); got != boom {
				t.Errorf("panicked with %v, want %v", got, boom)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				v.replace(func(aside replaceable) {
					aside.set("x", "3")
					runtime.Goexit()
				})
			}()
			<-done
			wantSeries(t, v, "x1")
		})
	}
}

// TestReplaceHoldsNoLock checks that a vector can be used in every way while it is replaced, even by
// build itself.
func TestReplaceHoldsNoLock(t *testing.T) {
	for name, v := range replaceables() {
		t.Run(name, func(t *testing.T) {
			v.set("x", "1")
			v.replace(func(aside replaceable) {
				aside.set("x", "2")
				v.set("x", "3")
				v.replace(func(inner replaceable) {
					inner.set("x", "4")
					aside.set("x", "5")
					aside.replace(func(innermost replaceable) { innermost.set("x", "6") })
				})
				wantSeries(t, v, "x4")
			})
			wantSeries(t, v, "x6")
		})
	}
}

// TestReplaceStartsAnew checks that old series that were kept are no longer exposed, and that the
// series that build has returned are.
func TestReplaceStartsAnew(t *testing.T) {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "m"}, []string{"a"})
	old := v.WithLabelValues("x")
	old.Add(5)
	var handle metric.ReadableCounter
	v.Replace(func(aside *metric.CounterVec) { handle = aside.WithLabelValues("x") })
	old.Inc()
	handle.Add(2)
	if got := v.WithLabelValues("x"); got != handle || got.Get() != 2 {
		t.Errorf("the series is %v, at %v; want the one of build, at 2", got, got.Get())
	}
	if old.Get() != 6 {
		t.Errorf("the old handle reads %v, want 6", old.Get())
	}
}

// TestReplaceBridged checks that client_golang's vectors see a replacement.
func TestReplaceBridged(t *testing.T) {
	v := metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, []string{"a"})
	bridge := metric.BridgeGaugeVec(v)
	handle := bridge.WithLabelValues("x")
	v.Replace(func(aside *metric.GaugeVec) { aside.WithLabelValues("x").Set(1) })
	handle.Add(1)
	if got := v.WithLabelValues("x").Get(); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
}

// TestReplaceNoOp checks that no-op vectors remember a replacement.
func TestReplaceNoOp(t *testing.T) {
	m := metric.NewNoOp()
	counters := m.NewCounterVec("m", "", []string{"a", "b"})
	counters.WithLabelValues("x", "1").Inc()
	counters.WithLabelValues("y", "1").Inc()
	counters.MustCurryWith(metric.Labels{"a": "x"}).Replace(func(aside *metric.CounterVec) { aside.WithLabelValues("2").Add(2) })
	for series, want := range map[string]float64{"x1": 0, "x2": 2, "y1": 1} {
		if got := counters.WithLabelValues(series[:1], series[1:]).Get(); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	// Vectors for which no label values fit, zero values, and all other kinds.
	m.NewGaugeVec("invalid", "", []string{"a", "a"}).Replace(func(aside *metric.GaugeVec) { aside.WithLabelValues("1", "2").Set(1) })
	new(metric.CounterVec).Replace(func(aside *metric.CounterVec) { aside.WithLabelValues("1").Inc() })
	states := m.(metric.StateMetrics)
	for name, v := range map[string]replaceable{
		"gauges":     replaceableOf(m.NewGaugeVec("m", "", []string{"a", "b"}), func(metric.ReadableGauge) {}),
		"histograms": replaceableOf(m.NewHistogramVec("m", "", []string{"a", "b"}, nil), func(metric.Observer) {}),
		"summaries":  replaceableOf(m.NewSummaryVec("m", "", []string{"a", "b"}, nil), func(metric.Observer) {}),
		"infos":      replaceableOf(states.NewInfoVec("m", "", []string{"a", "b"}, nil), func(metric.Info) {}),
		"state sets": replaceableOf(states.NewStateSetVec("m", "", []string{"a", "b"}, nil), func(metric.StateSet) {}),
	} {
		t.Run(name, func(t *testing.T) {
			built := 0
			v.replace(func(aside replaceable) { built++; aside.set("x", "1") })
			v.curry("x").replace(func(aside replaceable) { built++; aside.set("x", "1") })
			if built != 2 {
				t.Errorf("build was called %d times, want 2", built)
			}
			wantSeries(t, v)
		})
	}
}

// TestScrapesSeeOneGeneration replaces a vector during scrapes of every kind. Each scrape must have
// all series of one replacement, and none of another one.
func TestScrapesSeeOneGeneration(t *testing.T) {
	const size = 20
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "m", Help: "Of a test."}, []string{"a", "generation", "i"})
	r := registered(t, gauges)
	parts := []*metric.GaugeVec{gauges.MustCurryWith(metric.Labels{"a": "x"}), gauges.MustCurryWith(metric.Labels{"a": "y"})}
	var generation atomic.Int64
	replace := func(part *metric.GaugeVec) {
		part.Replace(func(aside *metric.GaugeVec) {
			g := strconv.FormatInt(generation.Add(1), 10)
			for i := range size {
				aside.WithLabelValues(g, strconv.Itoa(i)).Set(1)
			}
		})
	}
	replace(parts[0])
	replace(parts[1])
	check := func(series []string) {
		t.Helper()
		generations := map[string]int{}
		for _, s := range series {
			generations[s]++
		}
		if len(generations) != 2 {
			t.Errorf("there are series of the generations %v, want one of each part", generations)
		}
		for g, n := range generations {
			if n != size {
				t.Errorf("generation %s has %d series, want %d", g, n, size)
			}
		}
	}
	handler := metric.HandlerFor(r, metric.HandlerOpts{EnableOpenMetrics: true})
	scrapes := []func(){
		func() {
			var series []string
			for _, m := range mustGather(t, r)[0].GetMetric() {
				series = append(series, m.GetLabel()[0].GetValue()+m.GetLabel()[1].GetValue())
			}
			check(series)
		},
		func() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			var series []string
			for line := range bytes.Lines(w.Body.Bytes()) {
				if text, ok := strings.CutPrefix(string(line), "m{"); ok {
					series = append(series, strings.Split(text, `,i=`)[0])
				}
			}
			check(series)
		},
		func() {
			var series []string
			for _, m := range collected(t, gauges) {
				series = append(series, m.GetLabel()[0].GetValue()+m.GetLabel()[1].GetValue())
			}
			check(series)
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var replacers, scrapers sync.WaitGroup
	for _, part := range parts {
		for range 2 {
			replacers.Go(func() {
				for range 200 {
					replace(part)
				}
			})
		}
	}
	for _, scrape := range scrapes {
		scrapers.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				scrape()
			}
		})
	}
	replacers.Wait()
	cancel()
	scrapers.Wait()
}

// TestReplacedSeriesAreFreed checks with the garbage collector that replaced series are freed,
// after scrapes that have kept lists.
func TestReplacedSeriesAreFreed(t *testing.T) {
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, []string{"a", "b"})
	part := gauges.MustCurryWith(metric.Labels{"a": "x"})
	r := registered(t, gauges)
	var old []weak.Pointer[instrument.Gauge]
	fill := func(aside *metric.GaugeVec) {
		for i := range 100 {
			old = append(old, weak.Make(aside.WithLabelValues(strconv.Itoa(i)).(*instrument.Gauge)))
		}
	}
	for range 5 {
		part.Replace(fill)
		mustGather(t, r)
	}
	gauges.Replace(func(*metric.GaugeVec) {})
	runtime.GC()
	for i, p := range old {
		if p.Value() != nil {
			t.Fatalf("series %d of %d is still in memory", i, len(old))
		}
	}
	runtime.KeepAlive(gauges)
}

// TestScrapeAfterReplaceDoesNotAllocate checks that the vector keeps its sorted list after a
// replacement.
func TestScrapeAfterReplaceDoesNotAllocate(t *testing.T) {
	gauges := instrument.NewGauges(prometheus.GaugeVecOpts{
		GaugeOpts: prometheus.GaugeOpts{Name: "m"}, VariableLabels: prometheus.UnconstrainedLabels{"a"},
	})
	aside := gauges.Aside()
	for i := range 1000 {
		if _, err := aside.Get([]string{strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	gauges.Adopt(aside)
	var (
		p       model.Point
		scratch model.Scratch
	)
	wantAllocs(t, 1, func() { // one for the Series
		series := gauges.Series()
		for i := range series.Len() {
			series.At(i, &p, &scratch)
		}
	})
}
