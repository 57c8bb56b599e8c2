package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestRefusedReplacement checks that a refused replacement changes nothing: neither the order nor
// the statistics of the old collector, nor its stuck run.
func TestRefusedReplacement(t *testing.T) {
	for name, refused := range map[string]metric.Collector{
		"conflict":      plain{"other", nil},
		"invalid":       invalid{errors.New("boom")},
		"nil":           (*metric.CounterVec)(nil),
		"mute stream":   streamWith(nil),
		"shared stream": streamOf("other", nil),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				r := metric.NewContextRegistry()
				stuck := plain{"old", func(chan<- metric.Metric) { time.Sleep(time.Hour) }}
				for _, c := range []struct {
					name string
					c    metric.Collector
				}{{"first", plain{"other", func(chan<- metric.Metric) {}}}, {"old", stuck}, {"last", gathererOf("last", nil)}} {
					if err := r.RegisterWith(c.c, metric.WithName(c.name)); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, _ = r.GatherWithContext(ctx)
				before := fmt.Sprintf("%+v", r.Status())
				if err := r.ReplaceNamed("old", refused); err == nil {
					t.Fatal("it was not refused")
				}
				if after := fmt.Sprintf("%+v", r.Status()); after != before {
					t.Errorf("the status was\n%s\nand is\n%s", before, after)
				}
				if _, err := r.Gather(); !errors.Is(err, metric.ErrStillRunning) {
					t.Errorf("got error %v", err)
				}
				if !r.Unregister(stuck) {
					t.Error("the old collector cannot be unregistered")
				}
				if err := r.Register(plain{"old", func(chan<- metric.Metric) {}}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// invalid describes itself with a descriptor that has an error.
type invalid struct{ err error }

func (c invalid) Describe(ch chan<- *metric.Desc) { ch <- metric.NewInvalidDesc(c.err) }

func (invalid) Collect(chan<- metric.Metric) {}

// nosyError uses the registry in Error.
type nosyError struct{ r *metric.ContextRegistry }

func (e nosyError) Error() string {
	_ = e.r.Status()
	e.r.UnregisterNamed("nobody")
	return "nosy"
}

// TestInvalidDescriptorThatUsesTheRegistry checks that the registry does not call methods of a
// descriptor's error while it is locked, because they may be user code.
func TestInvalidDescriptorThatUsesTheRegistry(t *testing.T) {
	r := metric.NewContextRegistry()
	done := make(chan error, 1)
	go func() { done <- r.Register(invalid{nosyError{r}}) }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "is invalid: nosy") {
			t.Errorf("got error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Register waits for itself")
	}
}

// TestReplacementTakesThePlace checks that a new collector has the position of the old one.
func TestReplacementTakesThePlace(t *testing.T) {
	r := metric.NewContextRegistry()
	for _, name := range []string{"a", "b", "c"} {
		if err := r.RegisterWith(plain{name, func(chan<- metric.Metric) {}}, metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.ReplaceNamed("b", plain{"new", func(ch chan<- metric.Metric) { ch <- one("new") }}); err != nil {
		t.Fatal(err)
	}
	if names := collectorNames(r); !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("the collectors are %q", names)
	}
	if families, err := r.Gather(); err != nil || len(families) != 1 {
		t.Errorf("got %d families and error %v", len(families), err)
	}
	if err := r.Register(plain{"b", nil}); err != nil {
		t.Errorf("what was replaced is still there: %v", err)
	}
}

// TestChangesDuringScrapes changes and reads a registry in every way at once, for the race
// detector.
func TestChangesDuringScrapes(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("self"))
	collector := func(name string) metric.Collector {
		return plain{name, func(ch chan<- metric.Metric) { ch <- one(name) }}
	}
	if err := r.RegisterWith(collector("fixed"), metric.WithName("fixed")); err != nil {
		t.Fatal(err)
	}
	if err := r.RegisterWith(collector("changed"), metric.WithName("changed")); err != nil {
		t.Fatal(err)
	}
	h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
	status := metric.StatusHandler(r)
	outer := metric.NewContextRegistry()
	outer.MustRegister(r)
	get := func(h http.Handler, target string) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, target, nil))
	}
	var all sync.WaitGroup
	for _, act := range []func(i int){
		func(int) { _ = r.ReplaceNamed("changed", collector("fixed")) }, // refused
		func(int) { _ = r.ReplaceNamed("changed", collector("changed"), metric.WithCache(time.Millisecond)) },
		func(int) {
			_ = r.ReplaceNamed("changed", metric.NewGauge(metric.GaugeOpts{Name: "changed", Help: "Of a test."}))
		},
		func(i int) {
			c := collector(fmt.Sprint("c", i%3))
			_ = r.Register(c)
			r.Unregister(c)
		},
		func(i int) {
			_ = r.RegisterWith(collector(fmt.Sprint("n", i%3)), metric.WithName("n"))
			r.UnregisterNamed("n")
		},
		func(int) { _, _ = r.Gather() },
		func(int) { _, _ = outer.Gather() },
		func(int) { _ = r.Status() },
		func(int) { get(h, "/metrics") },
		func(int) { get(h, "/metrics?collect[]=changed") },
		func(int) { get(status, "/status") },
		func(int) {
			ch := make(chan *metric.Desc, 1000)
			r.Describe(ch)
		},
		func(int) { _, _ = metric.Gatherers{r, gathererFrom(r)}.Gather() },
	} {
		all.Go(func() {
			for i := range 200 {
				act(i)
			}
		})
	}
	all.Wait()
	if names := collectorNames(r); !slices.Equal(names, []string{"fixed", "changed"}) {
		t.Errorf("the collectors are %q", names)
	}
	families, err := r.Gather()
	if err != nil || !slices.ContainsFunc(families, func(f *metric.MetricFamily) bool { return f.GetName() == "fixed" }) {
		t.Errorf("got %d families and error %v", len(families), err)
	}
}

// TestReplaceNamed checks that a scrape has either the old or the new collector while it is
// replaced again and again.
func TestReplaceNamed(t *testing.T) {
	r := metric.NewContextRegistry()
	gauge := func(value float64) metric.Collector {
		g := metric.NewGauge(metric.GaugeOpts{Name: "scripted", Help: "Of a test."})
		g.Set(value)
		return g
	}
	for i := range 3 {
		if err := r.ReplaceNamed("c", gauge(float64(i+1))); err != nil {
			t.Fatal(err)
		}
		wantScrape(t, r, float64(i+1), nil)
	}
	if err := r.ReplaceNamed("c", metric.NewGauge(metric.GaugeOpts{Name: ""})); err == nil {
		t.Error("an invalid collector was registered")
	}
	wantScrape(t, r, 3, nil)
	var stop atomic.Bool
	var replacing sync.WaitGroup
	replacing.Go(func() {
		for i := 4.0; !stop.Load(); i++ {
			if err := r.ReplaceNamed("c", gauge(i)); err != nil {
				t.Error(err)
			}
		}
	})
	last := 0.0
	for range 300 {
		value, err := scrapeOnce(t, r, time.Minute)
		if value < last || value == 0 || err != nil {
			t.Errorf("got %v after %v, with error %v", value, last, err)
		}
		last = value
	}
	stop.Store(true)
	replacing.Wait()
}
