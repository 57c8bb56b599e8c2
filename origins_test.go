package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

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

// TestOddOrigins checks that collectors and gatherers that cannot be keys of a map, some of which
// look as if they could, can be registered, run and removed.
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

// TestGatherersAreFreed checks that the table that recognizes gatherers from call to call does not
// keep them alive.
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
