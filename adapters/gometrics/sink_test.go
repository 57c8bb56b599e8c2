package gometrics_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	metrics "github.com/hashicorp/go-metrics"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gometrics"
)

// TestLimits checks that series overflow and that the limit of metrics leaves out updates.
func TestLimits(t *testing.T) {
	var f failures
	s, r := newSink(t, gometrics.WithLimit(2), gometrics.WithMetricLimit(3), gometrics.OnError(f.add),
		gometrics.WithGauges(gometrics.Definition{Name: key("g"), Help: "Defined, which counts for no limit."}))
	for i := range 10 {
		id := fmt.Sprint(i)
		s.IncrCounterWithLabels(key("a"), 1, labels("user", id)) // first metric
		s.IncrCounterWithLabels(key("a"), 1, labels("host", id)) // second metric
		s.AddSample(key("b", id), 1)                             // one more metric, and nine that are left out
		s.SetGaugeWithLabels(key("g"), 1, nil)
	}
	s.AddSample(key("b", "0"), 1)
	wantText(t, strings.ReplaceAll(samples(t, r), "b_0{", "#"), `a{host="0"} 1
a{user="0"} 1
a{host="1"} 1
a{user="1"} 1
a{host="__overflow__"} 8
a{user="__overflow__"} 8
#quantile="0.5"} 1
#quantile="0.9"} 1
#quantile="0.99"} 1
b_0_sum 2
b_0_count 2
g 1
gometrics_dropped_updates_total{reason="limit"} 9
`)
	if len(f.list) != 9 || !strings.Contains(f.list[0], `sample "b_1"`) || !strings.Contains(f.list[0], "3 metrics") {
		t.Errorf("errors: %q", f.list)
	}
	if top := r.Cardinality(1); len(top) != 1 || top[0].Overflowed != 8 || top[0].Limit != 2 {
		t.Errorf("the registry does not see the vectors: %+v", top)
	}
}

// TestExpiry checks that series end when they are no longer updated, and that they can come back.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newSink(t, gometrics.WithExpiry(4*time.Minute), gometrics.WithCounters(gometrics.Definition{Name: key("defined")}))
		update := func(v float32) {
			s.IncrCounterWithLabels(key("c"), v, labels("x", "1"))
			s.SetGauge(key("g"), v)
		}
		update(1)
		for range 10 { // This series is updated all the time.
			s.IncrCounter(key("live"), 1)
			time.Sleep(time.Minute)
		}
		wantText(t, samples(t, r), "defined 0\nlive 10\n")
		update(5)
		wantText(t, samples(t, r), "c{x=\"1\"} 5\ndefined 0\ng 5\nlive 10\n")
	})
}

// TestExpiredMakeRoom checks that a label set that has overflowed gets its own series once there is room.
func TestExpiredMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newSink(t, gometrics.WithExpiry(4*time.Minute), gometrics.WithLimit(1))
		s.IncrCounterWithLabels(key("c"), 1, labels("x", "1"))
		for range 10 {
			s.IncrCounterWithLabels(key("c"), 1, labels("x", "2"))
			time.Sleep(time.Minute)
		}
		if text := samples(t, r); strings.Contains(text, `x="1"`) || !strings.Contains(text, `x="2"`) {
			t.Errorf("exposition:\n%s", text)
		}
	})
}

// TestSamples checks the ways of exposing samples.
func TestSamples(t *testing.T) {
	for name, tc := range map[string]struct {
		opt  gometrics.Option
		want string
	}{
		"classic": {gometrics.WithHistogram(metric.HistogramOpts{Buckets: []float64{10}}), `a_bucket{x="1",le="10"} 2
a_bucket{x="1",le="+Inf"} 3
a_sum{x="1"} 18.5
a_count{x="1"} 3
`},
		"summary": {gometrics.WithSummary(metric.SummaryOpts{Objectives: map[float64]float64{0.25: 0.1}}), `a{x="1",quantile="0.25"} 2.5
a_sum{x="1"} 18.5
a_count{x="1"} 3
`},
		"count and sum": {gometrics.WithSummary(metric.SummaryOpts{}), `a_sum{x="1"} 18.5
a_count{x="1"} 3
`},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newSink(t, tc.opt)
			for _, v := range []float32{2.5, 4, 12} {
				s.AddSampleWithLabels(key("a"), v, labels("x", "1"))
			}
			wantText(t, samples(t, r), tc.want)
		})
	}
	t.Run("native", func(t *testing.T) {
		s, r := newSink(t, gometrics.WithHistogram(metric.HistogramOpts{NativeHistogramBucketFactor: 1.1}))
		s.AddSample(key("a"), 2.5)
		families, err := r.Gather()
		if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetHistogram().GetSchema() != 3 {
			t.Errorf("families %v, error %v", families, err)
		}
	})
}

// TestDefinitions checks the properties of definitions that TestSameAsPeer does not cover.
func TestDefinitions(t *testing.T) {
	s, r := newSink(t, gometrics.WithSamples(gometrics.Definition{Name: key("a"), Help: "One \xff."}, gometrics.Definition{Name: key("a"), Help: "Two \xff."}),
		gometrics.WithCounters(gometrics.Definition{Name: key("c"), ConstLabels: labels("y", "2", "x", "1")}),
		gometrics.WithGauges(gometrics.Definition{Name: key("c")}), gometrics.OnError(nil))
	s.IncrCounterWithLabels(key("c"), 2, labels("x", "1", "y", "2"))
	s.IncrCounterWithLabels(key("c"), 3, labels("x", "1", "y", "3"))
	s.SetGauge(key("c"), 4)
	text := expose(t, r)
	for _, line := range []string{"# HELP a Two \uFFFD.", "a_count 0", `c{x="1",y="2"} 2`, `c{x="1",y="3"} 3`, "c_gauge 4"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%q is missing in\n%s", line, text)
		}
	}
}

// TestNewSink checks that a failed NewSink returns an error and leaves nothing registered.
func TestNewSink(t *testing.T) {
	var none *metric.Registry
	for name, tc := range map[string]struct {
		reg  metric.Registerer
		opt  gometrics.Option
		says string
	}{
		"nil":             {nil, gometrics.WithLimit(0), "the Registerer is nil"},
		"nil pointer":     {none, gometrics.WithLimit(0), "the Registerer is nil"},
		"limit":           {metric.NewRegistry(), gometrics.WithLimit(-1), "-1 series"},
		"metric limit":    {metric.NewRegistry(), gometrics.WithMetricLimit(-2), "-2 metrics"},
		"expiry":          {metric.NewRegistry(), gometrics.WithExpiry(-time.Second), "-1s"},
		"flush":           {metric.NewRegistry(), gometrics.WithFlush(nil), "WithFlush"},
		"histogram name":  {metric.NewRegistry(), gometrics.WithHistogram(metric.HistogramOpts{Name: "a"}), "WithHistogram"},
		"summary labels":  {metric.NewRegistry(), gometrics.WithSummary(metric.SummaryOpts{ConstLabels: metric.Labels{"a": "b"}}), "WithSummary"},
		"buckets":         {metric.NewRegistry(), gometrics.WithHistogram(metric.HistogramOpts{Buckets: []float64{2, 1}}), "options for samples"},
		"objectives":      {metric.NewRegistry(), gometrics.WithSummary(metric.SummaryOpts{Objectives: map[float64]float64{2: 1}}), "options for samples"},
		"definition":      {metric.NewRegistry(), gometrics.WithGauges(gometrics.Definition{}), "the key is empty"},
		"pedantic is one": {prometheus.NewPedanticRegistry(), gometrics.WithLimit(0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gometrics.NewSink(tc.reg, tc.opt)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
			if r, ok := tc.reg.(*metric.Registry); ok && r != nil {
				if status := r.Status(); len(status) > 0 {
					t.Errorf("it left %v registered", status)
				}
			}
		})
	}
}

// TestWrapped registers two sinks through wrapped registerers.
func TestWrapped(t *testing.T) {
	r := metric.NewRegistry()
	for _, zone := range []string{"a", "b"} {
		s, err := gometrics.NewSink(metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(metric.Labels{"zone": zone}, r)))
		if err != nil {
			t.Fatal(err)
		}
		s.SetGauge(key("g"), 1)
		s.SetGaugeWithLabels(key("g"), 2, labels("x", "1"))
	}
	wantText(t, samples(t, r), "p_g{zone=\"a\"} 1\np_g{zone=\"b\"} 1\np_g{x=\"1\",zone=\"a\"} 2\np_g{x=\"1\",zone=\"b\"} 2\n")
}

// TestShutdown checks that the sink calls the flush function once, while all updates can still be gathered.
func TestShutdown(t *testing.T) {
	var s *gometrics.Sink
	var r *metric.Registry
	var flushed []string
	s, r = newSink(t, gometrics.WithFlush(func() { flushed = append(flushed, samples(t, r)) }))
	m := programMetrics(t, s)
	m.IncrCounter(key("a"), 1)
	m.Shutdown()
	m.Shutdown()
	if len(flushed) != 1 || flushed[0] != "consul_a 1\n" {
		t.Errorf("flushed %q", flushed)
	}
	m.IncrCounter(key("a"), 1)
	wantText(t, samples(t, r), "consul_a 2\n")
}

// TestLog checks that errors are logged once a minute for each reason.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		defer slog.SetDefault(before)
		s, _ := newSink(t)
		for range 30 {
			s.IncrCounter(key("a"), -1)
			s.SetGauge(nil, 1)
			time.Sleep(5 * time.Second)
		}
		if n := strings.Count(out.String(), "\n"); n != 6 || strings.Count(out.String(), "suppressed=11\n") != 4 {
			t.Errorf("logged\n%s", out.String())
		}
	})
}

// TestErrorsWithoutLock checks that the function given to OnError may use the sink.
func TestErrorsWithoutLock(t *testing.T) {
	var s *gometrics.Sink
	s, r := newSink(t, gometrics.OnError(func(error) { s.IncrCounter(key("errors"), 1) }))
	s.SetGauge(key("a"), 1)
	s.IncrCounter(key("a"), 1)
	s.IncrCounter(nil, 1)
	if text := samples(t, r); !strings.Contains(text, "errors 2\n") {
		t.Error(text)
	}
}

// TestConcurrent creates and updates series in several goroutines during scrapes, and checks that no update
// is lost.
func TestConcurrent(t *testing.T) {
	s, r := newSink(t)
	const goroutines, rounds, sets = 4, 50, 100
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for round := range rounds {
				for i := range sets {
					s.IncrCounterWithLabels(key("c", fmt.Sprint(i%7)), 1, labels([]string{"x", "y", "z"}[i%3], fmt.Sprint(i)))
				}
				if round%20 == 0 {
					expose(t, r)
				}
			}
		})
	}
	all.Wait()
	text := samples(t, r)
	if n := strings.Count(text, fmt.Sprintf(" %d\n", goroutines*rounds)); n != sets {
		t.Errorf("%d series are right, not %d, in\n%s", n, sets, text)
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		return // The race detector allocates.
	}
	s, _ := newSink(t)
	k, l := key("consul", "rpc", "server", "call"), labels("method", "Catalog.ListServices", "errored", "false", "leader", "true")
	for name, update := range map[string]func(){
		"counter":          func() { s.IncrCounter(k, 1) },
		"counter, labels":  func() { s.IncrCounterWithLabels(k, 1, l) },
		"gauge, labels":    func() { s.SetGaugeWithLabels(key("a", "b"), 1, l) },
		"precision gauge":  func() { s.SetPrecisionGaugeWithLabels(k, 1, l) },
		"sample":           func() { s.AddSampleWithLabels(key("c"), 1, []metrics.Label{{Name: "x", Value: "y"}}) },
		"NaN with handler": func() { s.SetGauge(k, nan) },
	} {
		update()
		if got := testing.AllocsPerRun(200, update); got > 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
