package metric

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestForeignWrapping fails if client_golang's wrappings have other fields than expected.
func TestForeignWrapping(t *testing.T) {
	c := NewGauge(GaugeOpts{Name: "g"})
	inner, w, ok := foreignWrapping(prometheus.WrapCollectorWith(Labels{"a": "1"}, c))
	if !ok || inner != Collector(c) || w.prefix != "" || len(w.labels) != 1 || w.labels["a"] != "1" {
		t.Errorf("labels: got %v, %+v, %t", inner, w, ok)
	}
	inner, w, ok = foreignWrapping(prometheus.WrapCollectorWithPrefix("x_", c))
	if !ok || inner != Collector(c) || w.prefix != "x_" || len(w.labels) != 0 {
		t.Errorf("prefix: got %v, %+v, %t", inner, w, ok)
	}
	reg := prometheus.NewRegistry()
	if got := behindForeignRegisterers(prometheus.WrapRegistererWithPrefix("x_", prometheus.WrapRegistererWith(nil, reg))); got != Registerer(reg) {
		t.Errorf("registerer: got %T", got)
	}
	if _, _, ok := foreignWrapping(c); ok {
		t.Error("a gauge was taken for a wrapping")
	}
}
