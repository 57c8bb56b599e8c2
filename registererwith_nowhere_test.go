package metric_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestRegistererWithNowhere checks that options are no reason for a no-op Registerer to
// return an error, whatever wraps it.
func TestRegistererWithNowhere(t *testing.T) {
	labels, timeout := metric.Labels{"a": "b"}, metric.WithTimeout(time.Second)
	for name, reg := range map[string]metric.Registerer{
		"theirs of nil":                 prometheus.WrapRegistererWith(labels, nil),
		"theirs of theirs of nil":       prometheus.WrapRegistererWithPrefix("p_", prometheus.WrapRegistererWith(labels, nil)),
		"theirs of ours of nil":         prometheus.WrapRegistererWith(labels, metric.WrapRegistererWith(labels, nil)),
		"theirs of a no-op":             prometheus.WrapRegistererWith(labels, metric.NewNoOpRegistry()),
		"theirs of options for nothing": prometheus.WrapRegistererWith(labels, metric.RegistererWith(nil, timeout)),
	} {
		if err := metric.RegistererWith(reg, timeout).Register(plain{name: "a"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
