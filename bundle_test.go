package metric_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// bundled has instruments of all kinds in a bundle.
type bundled struct {
	bundle   *metric.Bundle
	requests metric.ReadableCounter
	errors   *metric.CounterVec
	last     metric.ReadableGauge
	latency  *metric.HistogramVec
	native   metric.Histogram
	size     metric.Summary
}

func newBundled() *bundled {
	b := &bundled{
		requests: metric.NewCounter(metric.CounterOpts{Name: "requests_total"}),
		errors:   metric.NewCounterVec(metric.CounterOpts{Name: "errors_total"}, []string{"a"}),
		last:     metric.NewGauge(metric.GaugeOpts{Name: "last"}),
		latency:  metric.NewHistogramVec(metric.HistogramOpts{Name: "latency", Buckets: powers}, []string{"a"}),
		native:   metric.NewHistogram(metric.HistogramOpts{Name: "native", NativeHistogramBucketFactor: 1.5}),
		size:     metric.NewSummary(metric.SummaryOpts{Name: "size"}),
	}
	b.bundle = metric.NewBundle(b.requests, b.errors, b.last, b.latency, b.native, b.size)
	return b
}

// countRequest counts one request in all instruments, in one change. If only some of the instruments had
// changed, their values would contradict each other.
func (b *bundled) countRequest(a string) {
	b.bundle.Apply(
		metric.AddTo(b.errors.WithLabelValues(a), 1),
		metric.ObserveIn(b.size, 2),
		metric.ObserveIn(b.latency.WithLabelValues(a), 4),
		metric.ObserveIn(b.native, 4),
		metric.AddTo(b.last, 1),
		metric.AddTo(b.requests, 1),
	)
}

// checkBundled checks that all families count the same requests, and returns their number.
func checkBundled(t *testing.T, families []*metric.MetricFamily) float64 {
	t.Helper()
	counts := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			counts[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() +
				float64(m.GetHistogram().GetSampleCount()) + float64(m.GetSummary().GetSampleCount())
			if h := m.GetHistogram(); h.GetSampleSum() != 4*float64(h.GetSampleCount()) {
				t.Errorf("%s has the sum %v and the count %d", f.GetName(), h.GetSampleSum(), h.GetSampleCount())
			}
		}
	}
	want := counts["requests_total"]
	for name, n := range counts {
		if n != want {
			t.Errorf("%s has %v requests where requests_total has %v", name, n, want)
		}
	}
	if want > 0 && len(counts) != 6 {
		t.Errorf("got %d families, want 6", len(counts))
	}
	return want
}

// TestBundleIsWhole applies changes, some of which create series, during scrapes of every kind.
func TestBundleIsWhole(t *testing.T) {
	const goroutines, rounds = 4, 2000
	b := newBundled()
	r := registered(t, b.bundle)
	foreign := prometheus.NewRegistry()
	foreign.MustRegister(b.bundle)
	handler := metric.HandlerFor(r, metric.HandlerOpts{EnableOpenMetrics: true})
	served := func(accept string) []*metric.MetricFamily {
		request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		request.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request)
		var families []*metric.MetricFamily
		decoder := expfmt.NewDecoder(w.Body, expfmt.ResponseFormat(w.Header()))
		for {
			f := new(metric.MetricFamily)
			if decoder.Decode(f) != nil {
				return families
			}
			families = append(families, f)
		}
	}
	gathered := func(g metric.Gatherer) func() []*metric.MetricFamily {
		return func() []*metric.MetricFamily {
			families, err := g.Gather()
			if err != nil {
				t.Error(err)
			}
			return families
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var appliers, scrapers sync.WaitGroup
	for range goroutines {
		appliers.Go(func() {
			for i := range rounds {
				b.countRequest(fmt.Sprint(rand.IntN(1 + i/100)))
			}
		})
	}
	scrapes := []func() []*metric.MetricFamily{
		gathered(r), gathered(foreign),
		func() []*metric.MetricFamily { return served(string(expfmt.NewFormat(expfmt.TypeTextPlain))) },
		func() []*metric.MetricFamily { return served(string(expfmt.NewFormat(expfmt.TypeProtoDelim))) },
	}
	for _, scrape := range scrapes {
		scrapers.Go(func() {
			for last := 0.0; ctx.Err() == nil && !t.Failed(); {
				n := checkBundled(t, scrape())
				if n < last {
					t.Errorf("%v requests came after %v", n, last)
				}
				last = n
			}
		})
	}
	appliers.Wait()
	cancel()
	scrapers.Wait()
	for i, scrape := range scrapes {
		if n := checkBundled(t, scrape()); n != goroutines*rounds {
			t.Errorf("scrape %d: in the end there are %v requests, want %d", i, n, goroutines*rounds)
		}
	}
}

// TestBundleAllOrNothing checks that Apply changes nothing if one of the changes is not possible.
func TestBundleAllOrNothing(t *testing.T) {
	b := newBundled()
	stranger := metric.NewGauge(metric.GaugeOpts{Name: "stranger"})
	for name, tt := range map[string]struct {
		op   metric.Op
		want string
	}{
		"negative":       {metric.AddTo(b.requests, -1), `counter "requests_total": counter cannot decrease in value: it was to add -1`},
		"not a member":   {metric.SetTo(stranger, 1), `gauge "stranger": cannot change it in this bundle: it is not a member`},
		"client_golang":  {metric.SetTo(prometheus.NewGauge(prometheus.GaugeOpts{Name: "m"}), 1), "cannot change a *prometheus.gauge in a bundle"},
		"nil":            {metric.SetTo(nil, 1), "cannot change a <nil> in a bundle"},
		"bridged vector": {metric.AddTo(metric.BridgeCounterVec(b.errors).WithLabelValues("x"), 1), "cannot change a instrument.bridgedCounter in a bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			got := panicMessage(t, func() { b.bundle.Apply(metric.AddTo(b.requests, 1), metric.ObserveIn(b.size, 1), tt.op) })
			if !strings.Contains(got, tt.want) {
				t.Errorf("panicked with %q, want %q", got, tt.want)
			}
			if b.requests.Get() != 0 || written(t, b.size).GetSummary().GetSampleCount() != 0 {
				t.Error("something has changed")
			}
		})
	}
	noOp := metric.NewNoOp()
	b.bundle.Apply()
	b.bundle.Apply(metric.Op{}, metric.AddTo(noOp.NewCounter("m", ""), -1), metric.ObserveIn(noOp.NewHistogram("m", "", nil), 1), metric.SetTo(b.last, 3), metric.AddTo(b.last, -1))
	if b.last.Get() != 2 {
		t.Errorf("the gauge is %v, want 2", b.last.Get())
	}
}

// TestBundleMembers checks which collectors can be members.
func TestBundleMembers(t *testing.T) {
	for name, tt := range map[string]struct {
		member metric.Collector
		want   string
	}{
		"function":      {metric.NewGaugeFunc(metric.GaugeOpts{Name: "m"}, func() float64 { return 1 }), "member 2 (*instrument.Func) cannot be part of a bundle"},
		"client_golang": {prometheus.NewGauge(prometheus.GaugeOpts{Name: "m"}), "member 2 (*prometheus.gauge) cannot be part of a bundle"},
		"nil":           {nil, "member 2 (<nil>) cannot be part of a bundle"},
		"info":          {metric.NewInfo(metric.InfoOpts{Name: "m"}, nil), `member 2, the info "m_info", cannot be part of a bundle`},
		"bundle":        {newBundled().bundle, "member 2 (*metric.Bundle) cannot be part of a bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total"})
			b := metric.NewBundle(requests, tt.member)
			if err := metric.NewContextRegistry().Register(b); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got the error %v, want %q", err, tt.want)
			}
			if got := panicMessage(t, func() { b.Apply(metric.AddTo(requests, 1)) }); !strings.Contains(got, tt.want) {
				t.Errorf("panicked with %q, want %q", got, tt.want)
			}
		})
	}
	requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total"})
	r := registered(t, requests)
	if err := r.Register(metric.NewBundle(requests)); err == nil {
		t.Error("an instrument was registered twice")
	}
}

// TestBundleWrapped checks a bundle behind wrappings, its name, and its removal.
func TestBundleWrapped(t *testing.T) {
	b := newBundled()
	b.countRequest("x")
	r := metric.NewContextRegistry()
	wrapping := metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(metric.Labels{"zone": "1"}, r))
	wrapping.MustRegister(b.bundle)
	if got := seriesOf(mustGather(t, r)); len(got) != 6 || got[0] != `p_errors_total{a="x",zone="1"}` {
		t.Errorf("got the series %v", got)
	}
	if got := fmt.Sprint(collectorNames(r)); got != `[bundle of "requests_total"]` {
		t.Errorf("the collectors are called %s", got)
	}
	if !wrapping.Unregister(b.bundle) {
		t.Error("it is not registered")
	}
}

// TestBundleDoesNotAllocate checks that Apply does not allocate.
func TestBundleDoesNotAllocate(t *testing.T) {
	b := newBundled()
	wantAllocs(t, 0, func() { b.countRequest("x") })
}

func BenchmarkBundleApply(b *testing.B) {
	together := newBundled()
	histogram := together.latency.WithLabelValues("x")
	b.Run("apart", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				together.requests.Add(1)
				histogram.Observe(0.5)
			}
		})
	})
	b.Run("together", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				together.bundle.Apply(metric.AddTo(together.requests, 1), metric.ObserveIn(histogram, 0.5))
			}
		})
	})
}
