package metric_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// useCounters is a library function that takes client_golang's vector.
func useCounters(v *prometheus.CounterVec) {
	v.WithLabelValues("get", "/").Inc()
	v.With(prometheus.Labels{"path": "/", "method": "get"}).Add(1.5)
	c := v.MustCurryWith(prometheus.Labels{"method": "put"}).WithLabelValues("/")
	if a, ok := c.(prometheus.ExemplarAdder); ok {
		a.AddWithExemplar(2, prometheus.Labels{"trace": "1"})
	}
}

// TestBridge checks that the vector behind a bridge exposes everything that a library does to the
// bridge.
func TestBridge(t *testing.T) {
	r := metric.NewRegistry()
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"method", "path"})
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "g"}, []string{"a"})
	histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Buckets: []float64{1}}, []string{"a"})
	summaries := metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, []string{"a"})
	r.MustRegister(counters, gauges, histograms, summaries)

	counters.WithLabelValues("get", "/").Inc()
	useCounters(metric.BridgeCounterVec(counters))
	g := metric.BridgeGaugeVec(gauges).WithLabelValues("x")
	g.Set(10)
	g.Inc()
	g.Dec()
	g.Add(5)
	g.Sub(2)
	metric.BridgeGaugeVec(gauges).WithLabelValues("now").SetToCurrentTime()
	h := metric.BridgeHistogramVec(histograms).WithLabelValues("x")
	h.Observe(0.5)
	if o, ok := h.(prometheus.ExemplarObserver); ok {
		o.ObserveWithExemplar(3, prometheus.Labels{"trace": "2"})
	}
	metric.BridgeSummaryVec(summaries).WithLabelValues("x").Observe(7)

	if got := counters.WithLabelValues("get", "/").Get(); got != 3.5 {
		t.Errorf("got %v requests", got)
	}
	if got := written(t, counters.WithLabelValues("put", "/")).GetCounter(); got.GetValue() != 2 || got.GetExemplar() == nil {
		t.Errorf("got %v", got)
	}
	if got := gauges.WithLabelValues("x").Get(); got != 13 {
		t.Errorf("got gauge %v", got)
	}
	if gauges.WithLabelValues("now").Get() == 0 {
		t.Error("the time was not set")
	}
	if got := written(t, histograms.WithLabelValues("x")).GetHistogram(); got.GetSampleCount() != 2 || got.GetBucket()[1].GetExemplar() == nil {
		t.Errorf("got %v", got)
	}
	if got := written(t, summaries.WithLabelValues("x")).GetSummary(); got.GetSampleSum() != 7 {
		t.Errorf("got %v", got)
	}
	families, err := r.Gather()
	want := []string{`c_total{method="get",path="/"}`, `c_total{method="put",path="/"}`, `g{a="now"}`, `g{a="x"}`, `h{a="x"}`, `s{a="x"}`}
	if got := seriesOf(families); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v", got, err)
	}
}

// TestBridgeIsAVector checks that a library can do with a bridge what it can do with other vectors.
func TestBridgeIsAVector(t *testing.T) {
	ours := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"method", "path"})
	theirs := metric.BridgeCounterVec(ours)
	for name, use := range map[string]func(v *prometheus.CounterVec) error{
		"few values": func(v *prometheus.CounterVec) error { _, err := v.GetMetricWithLabelValues("x"); return err },
		"wrong label": func(v *prometheus.CounterVec) error {
			_, err := v.GetMetricWith(metric.Labels{"a": "", "path": ""})
			return err
		},
		"not UTF-8": func(v *prometheus.CounterVec) error { _, err := v.GetMetricWithLabelValues("\xff", ""); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := use(theirs)
			if err == nil {
				t.Error("there is no error")
			}
			saysAtLeast(t, err, use(prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total"}, []string{"method", "path"})))
		})
	}
	theirs.WithLabelValues("get", "/").Inc()
	if all := collected(t, theirs); len(all) != 1 || all[0].GetCounter().GetValue() != 1 {
		t.Errorf("it collects %v", all)
	}
	if all := collected(t, theirs.WithLabelValues("get", "/")); len(all) != 1 || all[0].GetCounter().GetValue() != 1 {
		t.Errorf("its counter collects %v", all)
	}
	if described(theirs) != described(ours) || described(theirs.WithLabelValues("get", "/")) != described(ours) {
		t.Error("it has another descriptor")
	}
	r := metric.NewRegistry()
	r.MustRegister(ours)
	if err := r.Register(theirs); err == nil {
		t.Error("it was registered as well")
	}
	if recovered(func() { metric.BridgeCounterVec(metric.NewNoOp().NewCounterVec("c", "", []string{"a"})) }) == nil {
		t.Error("a vector that does nothing was bridged")
	}
}

// TestBridgeAfterDelete checks that a deleted series is created anew.
func TestBridgeAfterDelete(t *testing.T) {
	ours := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
	c := metric.BridgeCounterVec(ours).WithLabelValues("x")
	c.Add(5)
	ours.DeleteLabelValues("x")
	c.Inc()
	if got := ours.WithLabelValues("x").Get(); got != 1 {
		t.Errorf("got %v", got)
	}
}

// TestBridgeLabels checks constrained and curried labels, including a constraint whose result changes when
// it is applied again.
func TestBridgeLabels(t *testing.T) {
	ours := metric.V2.NewCounterVec(metric.CounterVecOpts{
		CounterOpts: metric.CounterOpts{Name: "c_total", ConstLabels: metric.Labels{"zone": "z"}},
		VariableLabels: metric.ConstrainedLabels{
			{Name: "method", Constraint: func(s string) string { return "<" + s + ">" }},
			{Name: "path", Constraint: strings.ToLower},
			{Name: "code"},
		},
	})
	metric.BridgeCounterVec(ours).WithLabelValues("get", "/A", "200").Inc()
	metric.BridgeCounterVec(ours.MustCurryWith(metric.Labels{"method": "put"})).WithLabelValues("/B", "reused").Inc()
	metric.BridgeCounterVec(ours.MustCurryWith(metric.Labels{"code": "1"}).MustCurryWith(metric.Labels{"method": "put"})).WithLabelValues("/C").Inc()
	r := metric.NewRegistry()
	r.MustRegister(ours)
	families, err := r.Gather()
	want := []string{
		`c_total{code="1",method="<put>",path="/c",zone="z"}`,
		`c_total{code="200",method="<get>",path="/a",zone="z"}`,
		`c_total{code="reused",method="<put>",path="/b",zone="z"}`,
	}
	got := seriesOf(families)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v", got, err)
	}
}

// TestBridgeConcurrently uses a vector and its bridge in several goroutines and checks that no update is
// lost.
func TestBridgeConcurrently(t *testing.T) {
	ours := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
	theirs := metric.BridgeCounterVec(ours)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 1000 {
				theirs.WithLabelValues(fmt.Sprint(i % 10)).Inc()
				ours.WithLabelValues(fmt.Sprint(i % 10)).Inc()
			}
		})
	}
	all.Wait()
	for i := range 10 {
		if got := ours.WithLabelValues(fmt.Sprint(i)).Get(); got != 800 {
			t.Errorf("got %v", got)
		}
	}
}

func ExampleBridgeCounterVec() {
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"method", "path"})
	library := func(requests *prometheus.CounterVec) { requests.WithLabelValues("get", "/").Inc() }

	library(metric.BridgeCounterVec(requests))
	fmt.Println(requests.WithLabelValues("get", "/").Get())
	// Output: 1
}

// ownVec is a user's vector type. Its embedded vector may be nil.
type ownVec struct {
	*metric.CounterVec

	desc *metric.Desc
}

func (v *ownVec) Describe(ch chan<- *metric.Desc) { ch <- v.desc }

func (v *ownVec) Collect(chan<- metric.Metric) {}

// TestEmbeddedVectorIsNotBridged checks that a collector that embeds a vector of this package does not
// count as that vector when an equal vector of client_golang is registered.
func TestEmbeddedVectorIsNotBridged(t *testing.T) {
	opts, labels := metric.CounterOpts{Name: "x", Help: "h"}, []string{"l"}
	for name, embedded := range map[string]*metric.CounterVec{"nil": nil, "a vector": metric.NewCounterVec(opts, labels)} {
		existing := &ownVec{embedded, metric.NewDesc("x", "h", labels, nil)}
		r := metric.NewContextRegistry()
		r.MustRegister(existing)
		err := r.Register(prometheus.NewCounterVec(opts, labels))
		if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); !ok || already.ExistingCollector != metric.Collector(existing) {
			t.Errorf("%s: got %v with %T", name, err, already.ExistingCollector)
		}
	}
}

// TestNilBridge checks that the bridge of a nil vector is nil.
func TestNilBridge(t *testing.T) {
	if metric.BridgeCounterVec(nil) != nil || metric.BridgeGaugeVec(nil) != nil ||
		metric.BridgeHistogramVec(nil) != nil || metric.BridgeSummaryVec(nil) != nil {
		t.Error("the bridge of nil is not nil")
	}
}
