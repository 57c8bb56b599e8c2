package metric_test

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

var (
	_ metric.ExemplarAdder = metric.NewCounter(metric.CounterOpts{}).(metric.ExemplarAdder)
	_ prometheus.Counter   = metric.NewCounter(metric.CounterOpts{})
)

// counterCases are sequences of calls on a counter.
var counterCases = []struct {
	name string
	do   func(prometheus.Counter)
}{
	{"nothing", func(prometheus.Counter) {}},
	{"Inc", func(c prometheus.Counter) { c.Inc() }},
	{"add whole numbers", func(c prometheus.Counter) { c.Add(3); c.Add(1 << 40); c.Inc() }},
	{"add fractions", func(c prometheus.Counter) { c.Add(0.1); c.Add(0.2); c.Add(7); c.Add(1e-300) }},
	{"add zero", func(c prometheus.Counter) { c.Add(0); c.Add(math.Copysign(0, -1)) }},
	{"add the smallest", func(c prometheus.Counter) { c.Add(math.SmallestNonzeroFloat64) }},
	{"add the largest", func(c prometheus.Counter) { c.Add(math.MaxFloat64); c.Add(1) }},
	{"overflow", func(c prometheus.Counter) { c.Add(math.MaxFloat64); c.Add(math.MaxFloat64) }},
	{"add 2^53 and 1", func(c prometheus.Counter) { c.Add(1 << 53); c.Inc() }},
	{"add 2^60", func(c prometheus.Counter) { c.Add(1 << 60); c.Add(1 << 60) }},
	{"add infinity", func(c prometheus.Counter) { c.Inc(); c.Add(math.Inf(1)) }},
	{"add NaN", func(c prometheus.Counter) { c.Inc(); c.Add(math.NaN()); c.Inc() }},
}

// TestCounterEqualsClientGolang makes the same calls on a counter of this package and on one of
// client_golang. Both must write the same metric.
func TestCounterEqualsClientGolang(t *testing.T) {
	for _, tt := range counterCases {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := metric.CounterOpts{Name: "c", ConstLabels: metric.Labels{"b": "2\n\"\\", "a": "1"}}
				ours, theirs := metric.NewCounter(opts), prometheus.NewCounter(opts)
				time.Sleep(time.Second)
				tt.do(ours)
				tt.do(theirs)
				sameMetric(t, ours, theirs)
				want := written(t, theirs).GetCounter().GetValue()
				if got := ours.Get(); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("Get() = %v, want %v", got, want)
				}
			})
		})
	}
}

// TestCounterCannotDecrease checks that adding a negative number panics, as in client_golang, and changes
// nothing.
func TestCounterCannotDecrease(t *testing.T) {
	for _, v := range []float64{-1, -0.1, -math.SmallestNonzeroFloat64, math.Inf(-1)} {
		c := metric.NewCounter(metric.CounterOpts{Name: "c"})
		c.Add(2)
		theirs := prometheus.NewCounter(prometheus.CounterOpts{Name: "c"})
		samePanic(t, func() { c.Add(v) }, func() { theirs.Add(v) })
		samePanic(t,
			func() { c.(metric.ExemplarAdder).AddWithExemplar(v, metric.Labels{"a": "b"}) },
			func() { theirs.(prometheus.ExemplarAdder).AddWithExemplar(v, metric.Labels{"a": "b"}) },
		)
		if c.Get() != 2 || written(t, c).GetCounter().GetExemplar() != nil {
			t.Errorf("Add(%v) has changed the counter: %v", v, c)
		}
	}
}

// TestCounterDoesNotWrap checks a difference from client_golang, which adds whole numbers in a uint64 that
// wraps around.
func TestCounterDoesNotWrap(t *testing.T) {
	c := metric.NewCounter(metric.CounterOpts{Name: "c"})
	for range 4 {
		c.Add(1 << 63)
	}
	if got := c.Get(); got != 1<<65 {
		t.Errorf("got %v, want 2^65", got)
	}
}

// exemplarCases are valid and invalid labels of exemplars.
var exemplarCases = []struct {
	name   string
	labels metric.Labels
	panics bool
}{
	{"nil", nil, false},
	{"empty", metric.Labels{}, false},
	{"one", metric.Labels{"trace_id": "abc"}, false},
	{"several", metric.Labels{"b": "2", "a": "1", "ünï.códe": "x\"\n\\"}, false},
	{"128 runes", metric.Labels{"ab": strings.Repeat("é", 124), "c": "d"}, false},
	{"129 runes", metric.Labels{"ab": strings.Repeat("é", 125), "c": "d"}, true},
	{"empty name", metric.Labels{"": "x"}, true},
	{"reserved name", metric.Labels{"__x": "y"}, true},
	{"name not UTF-8", metric.Labels{"\xff": "y"}, true},
	{"value not UTF-8", metric.Labels{"x": "a\xffb"}, true},
}

// TestCounterExemplars compares the exemplars of counters with client_golang's, including exemplars that
// are refused.
func TestCounterExemplars(t *testing.T) {
	for _, tt := range exemplarCases {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := metric.CounterOpts{Name: "c"}
				ours, theirs := metric.NewCounter(opts), prometheus.NewCounter(opts)
				add := func(c any, v float64, labels metric.Labels) {
					c.(prometheus.ExemplarAdder).AddWithExemplar(v, labels)
				}
				add(ours, 1.5, metric.Labels{"old": "1"})
				add(theirs, 1.5, metric.Labels{"old": "1"})
				time.Sleep(time.Minute)
				if tt.panics {
					samePanic(t, func() { add(ours, 2.5, tt.labels) }, func() { add(theirs, 2.5, tt.labels) })
				} else {
					add(ours, 2.5, tt.labels)
					add(theirs, 2.5, tt.labels)
				}
				sameMetric(t, ours, theirs) // The counter counts even if the exemplar is refused.
			})
		})
	}
}

// TestCounterConcurrently adds to one counter in many goroutines and checks that no addition is lost.
func TestCounterConcurrently(t *testing.T) {
	const goroutines, rounds = 8, 2000
	c := metric.NewCounter(metric.CounterOpts{Name: "c"})
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				c.Inc()
				c.Add(2)
				c.Add(0.5)
				c.(metric.ExemplarAdder).AddWithExemplar(0.25, metric.Labels{"a": "b"})
			}
		})
	}
	last := 0.0
	for range 500 {
		v := written(t, c).GetCounter().GetValue()
		if v < last {
			t.Fatalf("the counter went down, from %v to %v", last, v)
		}
		last = v
	}
	wg.Wait()
	if got, want := c.Get(), goroutines*rounds*3.75; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCounterSendsItself checks that Collect sends the counter itself, as expected by programs that compare
// metrics.
func TestCounterSendsItself(t *testing.T) {
	for name, labels := range map[string]metric.Labels{"alone": nil, "with labels": {"a": "b"}} {
		c := metric.NewCounter(metric.CounterOpts{Name: "c", ConstLabels: labels})
		ch := make(chan metric.Metric, 1)
		c.Collect(ch)
		if got := <-ch; got != metric.Metric(c) {
			t.Errorf("%s: got %T, want %T", name, got, c)
		}
	}
}

// TestCounterOnManyCores checks counters on a machine with more cores than stripes.
func TestCounterOnManyCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(64))
	c := metric.NewCounter(metric.CounterOpts{Name: "c"})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 2000 {
				c.Inc()
				c.Add(0.5)
			}
		})
	}
	wg.Wait()
	metric.NewRegistry().MustRegister(c)
	if got, want := written(t, c).GetCounter().GetValue(), 64*2000*1.5; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCounterVecCreated compares the start timestamps of the counters of a vector with client_golang's,
// including a counter that was deleted and created again.
func TestCounterVecCreated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := metric.CounterOpts{Name: "c"}
		ours, theirs := metric.NewCounterVec(opts, []string{"a"}), prometheus.NewCounterVec(opts, []string{"a"})
		for range 2 { // In the second pass, the counters and their timestamps are new.
			time.Sleep(time.Hour)
			ours.WithLabelValues("x").Inc()
			theirs.WithLabelValues("x").Inc()
			time.Sleep(time.Hour)
			sameMetric(t, ours.WithLabelValues("x"), theirs.WithLabelValues("x"))
			ours.DeleteLabelValues("x")
			theirs.DeleteLabelValues("x")
		}
	})
}
