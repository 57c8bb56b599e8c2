package metric_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// nilCollectors are collectors that are nil, with the text that errors must contain.
var nilCollectors = map[string]metric.Collector{
	"nil":                              nil,
	"*metric.CounterVec":               (*metric.CounterVec)(nil),
	"*metric.GaugeVec":                 (*metric.GaugeVec)(nil),
	"*metric.HistogramVec":             (*metric.HistogramVec)(nil),
	"*metric.SummaryVec":               (*metric.SummaryVec)(nil),
	"*metric.ContextRegistry":          (*metric.ContextRegistry)(nil),
	"*prometheus.GaugeVec":             (*prometheus.GaugeVec)(nil),
	"*prometheus.Registry":             (*prometheus.Registry)(nil),
	"prometheus.CollectorFunc":         metric.CollectorFunc(nil),
	"metric.CollectorWithContextFunc":  metric.CollectorWithContextFunc(nil),
	"*metric_test.stuckCollector":      (*stuckCollector)(nil),
	"nil ":                             metric.WrapCollectorWith(metric.Labels{"a": "b"}, nil),
	"*metric.GaugeVec ":                metric.WrapCollectorWithPrefix("a_", (*metric.GaugeVec)(nil)),
	"nil  ":                            metric.NewCollectorAdapter(nil),
	"*metric.CounterVec ":              metric.NewCollectorAdapter((*metric.CounterVec)(nil)),
	"metric.CollectorWithContextFunc ": metric.BindCollector(context.Background(), metric.CollectorWithContextFunc(nil)),
}

// TestNilCollectors checks the errors for nil collectors, registered in every way.
func TestNilCollectors(t *testing.T) {
	registry := metric.NewRegistry()
	if err := registry.RegisterWith(plain{"there", func(chan<- metric.Metric) {}}, metric.WithName("there")); err != nil {
		t.Fatal(err)
	}
	for where, reg := range map[string]metric.Registerer{
		"registry": registry,
		"wrapped":  metric.WrapRegistererWith(metric.Labels{"l": "v"}, registry),
		"prefix":   metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(metric.Labels{"l": "v"}, registry)),
		"theirs":   metric.WrapRegistererWith(metric.Labels{"l": "v"}, prometheus.NewRegistry()),
	} {
		for name, c := range nilCollectors {
			t.Run(where+"/"+name, func(t *testing.T) {
				err := reg.Register(c)
				if err == nil || !strings.Contains(err.Error(), "nil") || !strings.Contains(err.Error(), strings.TrimSpace(name)) {
					t.Errorf("Register: got error %v", err)
				}
				if reg.Unregister(c) {
					t.Error("Unregister returned true")
				}
				got, _ := recovered(func() { reg.MustRegister(c) }).(error)
				if got == nil || got.Error() != err.Error() {
					t.Errorf("MustRegister panicked with %v, want %v", got, err)
				}
			})
		}
	}
	for name, c := range nilCollectors {
		if err := registry.RegisterWith(c, metric.WithName("named")); err == nil {
			t.Errorf("RegisterWith took %s", name)
		}
		if err := registry.ReplaceNamed("there", c); err == nil {
			t.Errorf("ReplaceNamed took %s", name)
		}
	}
}

// TestNilRegisterers checks the errors and panics of registerers that are nil.
func TestNilRegisterers(t *testing.T) {
	gauge := metric.NewGauge(metric.GaugeOpts{Name: "g", Help: "h"})
	for name, reg := range map[string]metric.Registerer{
		"*metric.ContextRegistry":         (*metric.ContextRegistry)(nil),
		"*metric.ContextRegistry zero":    new(metric.ContextRegistry),
		"*metric.ContextRegistry wrapped": metric.WrapRegistererWithPrefix("p_", (*metric.ContextRegistry)(nil)),
		"*prometheus.Registry":            metric.WrapRegistererWithPrefix("p_", (*prometheus.Registry)(nil)),
	} {
		t.Run(name, func(t *testing.T) {
			typ, _, _ := strings.Cut(name, " ")
			if err := reg.Register(gauge); err == nil || !strings.Contains(err.Error(), typ) {
				t.Errorf("got error %v", err)
			}
			if reg.Unregister(gauge) {
				t.Error("Unregister returned true")
			}
			if _, ok := recovered(func() { reg.MustRegister(gauge) }).(error); !ok {
				t.Error("MustRegister did not panic with an error")
			}
		})
	}
	for name, r := range map[string]*metric.ContextRegistry{"nil": nil, "zero": new(metric.ContextRegistry)} {
		if _, err := r.Gather(); err == nil {
			t.Errorf("%s: Gather returned no error", name)
		}
		if r.UnregisterNamed("a") {
			t.Errorf("%s: UnregisterNamed returned true", name)
		}
		if all := r.Status(); len(all) != 0 {
			t.Errorf("%s: Status returned %v", name, all)
		}
	}
	if err := metric.NewRegistry().RegisterWith(gauge, nil); err == nil {
		t.Error("a nil CollectorOption was taken")
	}
	if err, ok := recovered(func() { metric.NewContextRegistry(nil) }).(error); !ok || !strings.Contains(err.Error(), "option 1") {
		t.Errorf("a nil RegistryOption panicked with %v", err)
	}
}

// TestNilGatherers checks every function that takes a gatherer with nil gatherers.
func TestNilGatherers(t *testing.T) {
	for name, g := range map[string]metric.GathererWithContext{
		"nil":                                   nil,
		"*metric.ContextRegistry":               (*metric.ContextRegistry)(nil),
		"metric.GathererWithContextFunc":        metric.GathererWithContextFunc(nil),
		"metric.GathererWithContextFunc, bound": metric.BindGatherer(t.Context(), metric.GathererWithContextFunc(nil)).(metric.GathererWithContext),
	} {
		typ, _, _ := strings.Cut(name, ",")
		says := func(t *testing.T, what string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), "nil") || !strings.Contains(err.Error(), typ) {
				t.Errorf("%s: got error %v", what, err)
			}
		}
		t.Run(name, func(t *testing.T) {
			says(t, "MultiGatherer", metric.NewMultiGatherer().Register("a", g))
			for what, f := range map[string]func() http.Handler{
				"HandlerFor":        func() http.Handler { return metric.HandlerFor(g) },
				"HandlerForContext": func() http.Handler { return metric.HandlerForContext(g, metric.HandlerOpts{}) },
				"HandlerForTransactional": func() http.Handler {
					return metric.HandlerForTransactional(metric.ToTransactionalGatherer(g), metric.HandlerOpts{})
				},
				"NewShardedGatherer": func() http.Handler { metric.NewShardedGatherer(g); return nil },
			} {
				err, _ := recovered(func() { f() }).(error)
				says(t, what, err)
			}
			_, err := metric.BindGatherer(t.Context(), g).Gather()
			says(t, "BindGatherer", err)
			families, err := metric.Gatherers{g, gathererOf("ok", nil)}.Gather()
			if len(families) != 1 {
				t.Errorf("Gatherers: got %d families", len(families))
			}
			if g != nil { // Gatherers skips it.
				says(t, "Gatherers", err)
			}
		})
	}
	err, _ := recovered(func() { metric.HandlerForTransactional(nil, metric.HandlerOpts{}) }).(error)
	if err == nil || !strings.Contains(fmt.Sprint(err), "nil TransactionalGatherer") {
		t.Errorf("HandlerForTransactional(nil) panicked with %v", err)
	}
	if families, err := (metric.Gatherers)(nil).Gather(); err != nil || len(families) != 0 {
		t.Errorf("an empty Gatherers gathered %v and error %v", families, err)
	}
	metric.HandlerFor(metric.Gatherers(nil)) // An empty list is valid.
}

// TestFactoryOnNilRegistry checks the panic of Metrics on a registry that is nil.
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
