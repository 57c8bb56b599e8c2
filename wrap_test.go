package metric_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// wrappable returns collectors of every kind.
func wrappable() map[string]metric.Collector {
	vec := metric.NewCounterVec(metric.CounterOpts{Name: "vec_total", Help: "h"}, []string{"m"})
	vec.WithLabelValues("b").Inc()
	vec.WithLabelValues("a").Inc()
	histogram := metric.NewHistogram(metric.HistogramOpts{Name: "histogram", Help: "h", ConstLabels: metric.Labels{"z": "1"}})
	histogram.Observe(1)
	infos := metric.NewInfoVec(metric.InfoOpts{Name: "disk", Help: "h"}, []string{"m"}, []string{"b"})
	infos.WithLabelValues("x").Set(metric.Labels{"b": "y"})
	return map[string]metric.Collector{
		"info":      metric.NewInfo(metric.InfoOpts{Name: "build", Help: "h", ConstLabels: metric.Labels{"z": "1"}}, metric.Labels{"m": "1"}),
		"infos":     infos,
		"vector":    vec,
		"histogram": histogram,
		"function":  metric.NewGaugeFunc(metric.GaugeOpts{Name: "function", Help: "h"}, func() float64 { return 1 }),
		"plain":     plain{"plain", func(ch chan<- metric.Metric) { ch <- one("plain") }},
		"context": metric.NewCollectorFunc(describing("context"), func(_ context.Context, ch chan<- metric.Metric) {
			ch <- one("context")
		}),
		"stream": streamOf("stream", func(_ context.Context, s *metric.Sink) error { return s.Gauge(desc("stream"), 1) }),
		"theirs": prometheus.NewGauge(prometheus.GaugeOpts{Name: "theirs", Help: "h"}),
	}
}

// TestWrapLikeClientGolang compares our wrapping with client_golang's, in a registry of each.
func TestWrapLikeClientGolang(t *testing.T) {
	labels := metric.Labels{"l": "v", "a": "w"}
	for name, c := range wrappable() {
		t.Run(name, func(t *testing.T) {
			want := prometheus.NewRegistry()
			prometheus.WrapRegistererWith(labels, prometheus.WrapRegistererWithPrefix("p_", want)).MustRegister(c)
			inOurs, inTheirs := metric.NewPedanticRegistry(), prometheus.NewPedanticRegistry()
			metric.WrapRegistererWith(labels, metric.WrapRegistererWithPrefix("p_", inOurs)).MustRegister(c)
			metric.WrapRegistererWith(labels, metric.WrapRegistererWithPrefix("p_", inTheirs)).MustRegister(c)
			byTheirs := metric.NewPedanticRegistry()
			prometheus.WrapRegistererWith(labels, prometheus.WrapRegistererWithPrefix("p_", byTheirs)).MustRegister(c)
			wantText := gatheredText(t, want)
			for kind, g := range map[string]metric.Gatherer{
				"our wrapping and registry": inOurs, "our wrapping, their registry": inTheirs, "their wrapping, our registry": byTheirs,
			} {
				if got := gatheredText(t, g); got != wantText {
					t.Errorf("%s: got\n%s\nwant\n%s", kind, got, wantText)
				}
			}
		})
	}
}

// TestWrappedRegistration checks that a wrapped Registerer identifies collectors by their labels:
// it refuses to register one twice, and unregisters only its own.
func TestWrappedRegistration(t *testing.T) {
	r := metric.NewRegistry()
	wrapped := metric.WrapRegistererWith(metric.Labels{"l": "v"}, r)
	c := counterNamed("a")
	if err := wrapped.Register(c); err != nil {
		t.Fatal(err)
	}
	err := wrapped.Register(c)
	if already, ok := errors.AsType[metric.AlreadyRegisteredError](err); !ok || already.ExistingCollector != metric.Collector(c) {
		t.Errorf("got error %v", err)
	}
	if err := r.Register(c); err == nil {
		t.Error("registered without the label, too: the label dimensions differ")
	}
	if !wrapped.Unregister(c) || wrapped.Unregister(c) {
		t.Error("it could not be unregistered once")
	}
	own := metric.NewCounter(metric.CounterOpts{Name: "b", ConstLabels: metric.Labels{"l": "w"}})
	if err := wrapped.Register(own); err == nil {
		t.Error("a label was set twice")
	}
	nothing := metric.WrapRegistererWith(metric.Labels{"l": "v"}, nil)
	nothing.MustRegister(c)
	if nothing.Unregister(c) {
		t.Error("it was registered with nothing")
	}
}

// TestWrappedPanicInTheirs checks that a wrapped collector that panics does not crash the process.
func TestWrappedPanicInTheirs(t *testing.T) {
	theirs := prometheus.NewRegistry()
	metric.WrapRegistererWithPrefix("p_", theirs).MustRegister(plain{"bad", func(chan<- metric.Metric) { panic("boom") }}, counterNamed("good"))
	families, err := theirs.Gather()
	wantFamilies(t, families, []string{"p_good"})
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got error %v", err)
	}
}

// TestWrappedWithLabelOfSamples checks that a wrapping cannot add a label that the samples of a
// family have already, because Prometheus would refuse the whole scrape.
func TestWrappedWithLabelOfSamples(t *testing.T) {
	const text = `must not have an explicit "le" label`
	le, quantile := metric.Labels{"le": "x"}, metric.Labels{"quantile": "x"}
	histogram := metric.NewHistogram(metric.HistogramOpts{Name: "h"})
	summary := metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, []string{"l"})
	summary.WithLabelValues("v").Observe(1)

	r := metric.NewRegistry()
	for c, labels := range map[metric.Collector]metric.Labels{histogram: le, summary: quantile} {
		if err := metric.WrapRegistererWith(labels, r).Register(c); err == nil || !strings.Contains(err.Error(), "must not have") {
			t.Errorf("%T was registered, with error %v", c, err)
		}
	}
	metric.WrapRegistererWith(quantile, r).MustRegister(histogram)
	metric.WrapRegistererWith(le, r).MustRegister(summary)
	metric.WrapRegistererWith(le, r).MustRegister(plain{"foreign", func(ch chan<- metric.Metric) {
		ch <- metric.MustNewConstHistogram(metric.NewDesc("foreign", "", nil, nil), 1, 1, nil)
	}})
	families, err := r.Gather()
	if names := seriesOf(families); len(families) != 2 || err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, error %v", names, err)
	}

	nested := metric.NewRegistry()
	nested.MustRegister(histogram, summary, plain{"foreign", func(ch chan<- metric.Metric) {
		ch <- metric.MustNewConstHistogram(metric.NewDesc("foreign", "", nil, nil), 1, 1, nil)
	}})
	g := metric.NewLabelGatherer("le")
	if err := g.Register("nested", nested); err != nil {
		t.Fatal(err)
	}
	families, err = g.Gather()
	if len(families) != 1 || families[0].GetName() != "s" || err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, error %v", seriesOf(families), err)
	}
}
