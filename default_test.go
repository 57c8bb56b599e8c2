package metric_test

import (
	"bytes"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestDefaultGatherers checks that families about the Go runtime and the process may be in both default
// registries, and that other duplicates are errors.
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

// TestDefaultHandlerSelects checks that the collectors of the default registry can be selected by name in
// the default handler.
func TestDefaultHandlerSelects(t *testing.T) {
	r := metric.DefaultRegisterer.(*metric.Registry)
	c := plain{"chosen", func(ch chan<- metric.Metric) { ch <- one("chosen") }}
	if err := r.RegisterWith(c, metric.WithName("chosen")); err != nil {
		t.Fatal(err)
	}
	defer r.UnregisterNamed("chosen")
	w := requestTo(metric.Handler(), "/metrics?collect[]=chosen")
	if names := namesIn(w.Body); len(names) != 1 || names[0] != "chosen" {
		t.Errorf("status %d, families %q, want the one that was chosen", w.Code, names)
	}
}

// TestDefaultHandler checks that the default handler serves each family of the default registry once,
// including its own request counter.
func TestDefaultHandler(t *testing.T) {
	w := request(metric.Handler())
	names := namesIn(bytes.NewBuffer(w.Body.Bytes()))
	for _, name := range []string{"go_goroutines", "promhttp_metric_handler_requests_total"} {
		if i := slices.Index(names, name); i < 0 || slices.Contains(names[i+1:], name) {
			t.Errorf("family %s is not there once, in %q", name, names)
		}
	}
	if n := strings.Count(w.Body.String(), "\ngo_goroutines "); n != 1 {
		t.Errorf("go_goroutines is there %d times", n)
	}
}
