package clientgolang

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestUnwrap fails if client_golang's wrappers have unexpected fields.
func TestUnwrap(t *testing.T) {
	c := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
	inner, prefix, labels, ok := Unwrap(prometheus.WrapCollectorWith(prometheus.Labels{"a": "1"}, c))
	if !ok || inner != prometheus.Collector(c) || prefix != "" || len(labels) != 1 || labels["a"] != "1" {
		t.Errorf("labels: got %v, %q, %v, %t", inner, prefix, labels, ok)
	}
	inner, prefix, labels, ok = Unwrap(prometheus.WrapCollectorWithPrefix("x_", c))
	if !ok || inner != prometheus.Collector(c) || prefix != "x_" || len(labels) != 0 {
		t.Errorf("prefix: got %v, %q, %v, %t", inner, prefix, labels, ok)
	}
	reg := prometheus.NewRegistry()
	if got := UnwrapRegisterer(prometheus.WrapRegistererWithPrefix("x_", prometheus.WrapRegistererWith(nil, reg))); got != prometheus.Registerer(reg) {
		t.Errorf("registerer: got %T", got)
	}
	if _, _, _, ok := Unwrap(c); ok {
		t.Error("a gauge was taken for a wrapping")
	}
}
