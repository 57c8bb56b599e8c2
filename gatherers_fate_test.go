package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestBigGathererCostsOnlyItself has a gatherer that returns so many families, so shortly
// before the deadline, that there is no time to copy them.
func TestBigGathererCostsOnlyItself(t *testing.T) {
	const timeout = time.Second
	families := make([]*metric.MetricFamily, 500_000)
	series := []*metric.MetricData{written(t, metric.NewGauge(metric.GaugeOpts{Name: "g", Help: "h"}))}
	for i := range families {
		families[i] = &metric.MetricFamily{
			Name: new(fmt.Sprintf("big_%07d", i)), Type: metric.GaugeMetricTypePtr,
			Metric: series,
		}
	}
	var big metric.Gatherer = metric.GathererFunc(func() ([]*metric.MetricFamily, error) {
		time.Sleep(timeout - timeout/8) // Also before the deadline of gatherers that take a context.
		return families, nil
	})
	for name, g := range map[string]metric.Gatherer{
		"Gatherers":       metric.Gatherers{big, gathererOf("ok", nil)},
		"their Gatherers": prometheus.Gatherers{gathererOf("ok", nil), big},
	} {
		t.Run(name, func(t *testing.T) {
			var failed error
			opts := metric.HandlerOpts{
				Timeout: timeout, ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { failed = errors.Join(failed, err) },
			}
			w := httptest.NewRecorder()
			metric.HandlerFor(g, opts).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if body := w.Body.String(); !strings.Contains(body, "\nok 0\n") {
				t.Errorf("the healthy family is missing from %d bytes with status %d", len(body), w.Code)
			}
			if failed == nil && strings.Count(w.Body.String(), "big_") < len(families) {
				t.Error("it was not reported that families are missing")
			}
			t.Logf("error: %v", failed)
		})
	}
}

// TestDefaultGatherersKnowWhatIsStuck makes DefaultGatherers for each call.
func TestDefaultGatherersKnowWhatIsStuck(t *testing.T) {
	theirs, stuck := prometheus.DefaultGatherer, new(hanging)
	prometheus.DefaultGatherer = stuck
	t.Cleanup(func() { prometheus.DefaultGatherer = theirs })
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			families, err := metric.DefaultGatherers().GatherWithContext(ctx)
			cancel()
			if len(families) == 0 || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, metric.ErrStillRunning) {
				t.Errorf("got %d families and error %v", len(families), err)
			}
		}
		if n := stuck.calls.Load(); n != 1 {
			t.Errorf("what hangs was started %d times", n)
		}
	})
}

// selfServing is a gatherer that has its own handler.
type selfServing struct{ handler http.Handler }

func (*selfServing) Gather() ([]*metric.MetricFamily, error) { return nil, nil }

// TestGatherersAreFreed checks that to know gatherers from call to call does not keep them.
func TestGatherersAreFreed(t *testing.T) {
	const n = 10
	freed := make(chan int, n)
	for i := range n {
		g := new(selfServing)
		g.handler = metric.HandlerFor(g)
		g.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if _, err := (metric.Gatherers{g}).Gather(); err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(g, func(i int) { freed <- i }, i)
	}
	for i := range n {
		deadline := time.After(10 * time.Second)
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-freed:
				waiting = false
			case <-deadline:
				t.Fatalf("%d of %d gatherers were freed", i, n)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// TestNumbersOfNestedGatherers compares the text of an error with client_golang's.
func TestNumbersOfNestedGatherers(t *testing.T) {
	broken := metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, errors.New("boom") })
	fine := metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, nil })
	_, want := prometheus.Gatherers{fine, prometheus.Gatherers{broken, fine}}.Gather()
	_, got := metric.Gatherers{fine, metric.Gatherers{broken, fine}}.Gather()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// oddCollector is a collector that looks comparable but is not.
type oddCollector struct {
	plain any
	data  any
}

func (c oddCollector) Describe(ch chan<- *metric.Desc) { c.plain.(metric.Collector).Describe(ch) }
func (c oddCollector) Collect(ch chan<- metric.Metric) { c.plain.(metric.Collector).Collect(ch) }
func (c oddCollector) Gather() ([]*metric.MetricFamily, error) {
	return nil, errors.New("odd")
}

// TestOddOrigins registers, runs and removes collectors and gatherers that cannot be keys
// of a map, some of which look as if they could.
func TestOddOrigins(t *testing.T) {
	for name, data := range map[string]any{
		"slice": []int{1}, "map": map[string]int{}, "func": func() {}, "struct": struct{ any }{[]int{}},
		"array": [1]any{[]int{}}, "nil": nil, "pointer": new(int), "nan": struct{ f float64 }{0},
	} {
		t.Run(name, func(t *testing.T) {
			c := oddCollector{plain{"odd", nil}, data}
			c.plain = metric.NewCollectorFunc(describing("odd"), func(_ context.Context, ch chan<- metric.Metric) { ch <- one("odd") })
			r := metric.NewRegistry()
			for range 2 {
				if err := r.Register(c); err != nil {
					t.Fatal(err)
				}
				if err := r.Register(c); err == nil {
					t.Error("it was registered twice")
				}
				if families, err := r.Gather(); err != nil || len(families) != 1 {
					t.Errorf("got %d families and error %v", len(families), err)
				}
				if !r.Unregister(c) {
					t.Error("it was not unregistered")
				}
			}
			if _, err := (metric.Gatherers{c, c}).Gather(); err == nil || strings.Count(err.Error(), "odd") != 2 {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// TestFactoryOnNilRegistry asks for instruments on a registry that is nil.
func TestFactoryOnNilRegistry(t *testing.T) {
	for name, reg := range map[string]metric.Registerer{
		"*metric.ContextRegistry": (*metric.ContextRegistry)(nil),
		"wrapped":                 metric.WrapRegistererWithPrefix("p_", (*metric.ContextRegistry)(nil)),
	} {
		err, _ := recovered(func() { metric.NewWithRegistry("", reg).NewCounter("a_total", "h") }).(error)
		if err == nil || !strings.Contains(err.Error(), "*metric.ContextRegistry is nil") &&
			!strings.Contains(err.Error(), "*metric.ContextRegistry behind the wrapping is nil") {
			t.Errorf("%s: panicked with %v", name, err)
		}
	}
}
