package metric_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestDefaultGatherers checks that what both default registries say about the Go runtime
// and the process is no error, and that another duplicate is one.
func TestDefaultGatherers(t *testing.T) {
	g := metric.DefaultGatherers()
	families, err := g.GatherWithContext(t.Context())
	if err != nil {
		t.Errorf("got error %v", err)
	}
	seen := make(map[string]int)
	for _, f := range families {
		seen[f.GetName()] += len(f.GetMetric())
	}
	for _, name := range []string{"go_goroutines", "go_info", "go_memstats_alloc_bytes_total", "process_start_time_seconds"} {
		if seen[name] != 1 {
			t.Errorf("%s has %d series", name, seen[name])
		}
	}

	ours, theirs := metric.NewCounter(metric.CounterOpts{Name: "twice_total"}), prometheus.NewCounter(prometheus.CounterOpts{Name: "twice_total"})
	metric.MustRegister(ours)
	prometheus.MustRegister(theirs)
	defer metric.Unregister(ours)
	defer prometheus.Unregister(theirs)
	if _, err := g.GatherWithContext(t.Context()); err == nil || strings.Count(err.Error(), "collected before") != 1 {
		t.Errorf("got error %v", err)
	}
	w := httptest.NewRecorder()
	metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if n := strings.Count(w.Body.String(), "\ntwice_total 0\n"); n != 1 {
		t.Errorf("the series is there %d times", n)
	}
}
