package metric_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/testutil"
)

// uncheckedCounter returns a vector of counters that describes nothing, with one series.
func uncheckedCounter(t *testing.T, help string, labels metric.Labels) metric.Collector {
	t.Helper()
	var names, values []string
	for name, value := range labels {
		names, values = append(names, name), append(values, value)
	}
	v := instrument.NewCounters(prometheus.CounterVecOpts{
		CounterOpts: metric.CounterOpts{Name: "c_total", Help: help}, VariableLabels: prometheus.UnconstrainedLabels(names),
	})
	c, err := v.Get(values)
	if err != nil {
		t.Fatal(err)
	}
	c.Inc()
	return instrument.Unchecked(v)
}

// TestUnchecked checks unchecked vectors of one name that a registry would otherwise refuse: as
// instruments, behind wrappings, and through a registry of client_golang.
func TestUnchecked(t *testing.T) {
	registry := metric.NewContextRegistry()
	registry.MustRegister(
		uncheckedCounter(t, "first", metric.Labels{"a": "1"}),
		uncheckedCounter(t, "first", metric.Labels{"a": "1", "b": "2"}),
		uncheckedCounter(t, "first", nil),
		metric.WrapCollectorWith(metric.Labels{"scope": "s"}, uncheckedCounter(t, "first", metric.Labels{"a": "1"})),
	)
	const want = `# HELP c_total first
# TYPE c_total counter
c_total 1
c_total{a="1"} 1
c_total{a="1",b="2"} 1
c_total{a="1",scope="s"} 1
`
	client := prometheus.NewRegistry()
	client.MustRegister(registry)
	for name, g := range map[string]metric.Gatherer{"ours": registry, "client_golang's": client} {
		if err := testutil.GatherAndCompare(g, strings.NewReader(want)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range registry.Status() {
		if s.Kind != "instrument" {
			t.Errorf("%s is a %s", s.Name, s.Kind)
		}
	}
	if c := uncheckedCounter(t, "", nil); registry.Register(c) != nil || !registry.Unregister(c) || registry.Unregister(c) {
		t.Error("an unchecked vector cannot be unregistered just once")
	}
}
