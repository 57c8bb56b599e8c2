package metric_test

import (
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// embedsNothing has all methods of a vector, all of which panic.
type embedsNothing struct{ *middle }

type middle struct{ *metric.CounterVec }

// TestPanickingDescribe checks that registering a collector whose methods panic returns an error.
func TestPanickingDescribe(t *testing.T) {
	for name, c := range map[string]metric.Collector{
		"client_golang's vector of nothing": &prometheus.CounterVec{MetricVec: &prometheus.MetricVec{}},
		"client_golang's vector without":    &prometheus.GaugeVec{},
		"embedded vector of nothing":        struct{ *prometheus.CounterVec }{&prometheus.CounterVec{}},
		"embedded nil vector":               struct{ *prometheus.CounterVec }{},
		"embedded nil vector of ours":       struct{ *metric.CounterVec }{},
		"nil pointer on the way":            embedsNothing{},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			for way, register := range map[string]func() error{
				"Register":     func() error { return r.Register(c) },
				"wrapped":      func() error { return metric.WrapRegistererWithPrefix("p_", r).Register(c) },
				"by theirs":    func() error { return prometheus.WrapRegistererWithPrefix("p_", r).Register(c) },
				"RegisterWith": func() error { return r.RegisterWith(c, metric.WithName("bad")) },
				"ReplaceNamed": func() error { return r.ReplaceNamed("bad", c) },
				"carried":      func() error { return metric.RegistererWith(r, metric.WithName("bad")).Register(c) },
			} {
				err := register()
				if _, panicked := errors.AsType[*metric.PanicError](err); !panicked {
					t.Errorf("%s: got %v, want the panic", way, err)
				}
				if r.Unregister(c) {
					t.Errorf("%s: it was registered", way)
				}
			}
			if families, err := r.Gather(); err != nil || len(families) != 0 {
				t.Errorf("gathered %v and %v", families, err)
			}
		})
	}
}
