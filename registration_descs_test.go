package metric_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

func copyOf(d *prometheus.Desc) *prometheus.Desc {
	c := *d
	return &c
}

var badDescs = map[string]struct {
	desc *prometheus.Desc
	want string // part of the error
}{
	"zero":                 {new(prometheus.Desc), "which NewDesc has not made"},
	"copy of zero":         {copyOf(new(prometheus.Desc)), "which NewDesc has not made"},
	"nil":                  {nil, "nil descriptor"},
	"with an error":        {prometheus.NewInvalidDesc(errTest), errTest.Error()},
	"copy with an error":   {copyOf(prometheus.NewInvalidDesc(errTest)), errTest.Error()},
	"without the error":    {prometheus.NewInvalidDesc(nil), "which NewDesc has not made"},
	"invalid name":         {prometheus.NewDesc("", "", nil, nil), "not a valid metric name"},
	"invalid label":        {prometheus.NewDesc("bad", "", []string{"__a"}, nil), "not a valid label name"},
	"NUL in the name":      {prometheus.NewDesc("b\x00d", "", nil, nil), `metric name "b\x00d" contains a NUL byte`},
	"NUL in a label":       {prometheus.NewDesc("bad", "", []string{"a", "b\x00"}, nil), `metric "bad" has a label with an invalid name: "b\x00" contains a NUL byte`},
	"NUL in a const label": {prometheus.NewDesc("bad", "", nil, prometheus.Labels{"b\x00": ""}), `"b\x00" contains a NUL byte`},
}

// TestBadDescriptors checks that registering a collector with an invalid descriptor returns an error
// and has no other effect, in every way in which the descriptor can arrive.
func TestBadDescriptors(t *testing.T) {
	for name, test := range badDescs {
		t.Run(name, func(t *testing.T) {
			c := describedBy{[]*prometheus.Desc{prometheus.NewDesc("fine", "", nil, nil), test.desc}, nil}
			for way, register := range map[string]func(*metric.ContextRegistry) error{
				"Register": func(r *metric.ContextRegistry) error { return r.Register(c) },
				"labels": func(r *metric.ContextRegistry) error {
					return metric.WrapRegistererWith(metric.Labels{"x": "1"}, r).Register(c)
				},
				"prefix":  func(r *metric.ContextRegistry) error { return metric.WrapRegistererWithPrefix("p_", r).Register(c) },
				"wrapped": func(r *metric.ContextRegistry) error { return r.Register(metric.WrapCollectorWithPrefix("p_", c)) },
				"elsewhere": func(*metric.ContextRegistry) error {
					return prometheus.NewRegistry().Register(metric.WrapCollectorWith(nil, c))
				},
				"ReplaceNamed": func(r *metric.ContextRegistry) error { return r.ReplaceNamed("bad", c) },
				"stream": func(r *metric.ContextRegistry) error {
					return r.Register(streamWith(nil, c.descs...))
				},
			} {
				r := metric.NewContextRegistry()
				if err := register(r); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got %v, want … %s …", way, err, test.want)
				}
				if r.Unregister(c) {
					t.Errorf("%s: it was registered", way)
				}
				if families, err := r.Gather(); err != nil || len(families) != 0 {
					t.Errorf("%s: gathered %v and %v", way, families, err)
				}
			}
		})
	}
}

// TestBadDescriptorsOfMetrics checks that metrics with invalid descriptors cost only themselves.
func TestBadDescriptorsOfMetrics(t *testing.T) {
	for name, test := range badDescs {
		t.Run(name, func(t *testing.T) {
			unchecked := describedBy{nil, gaugeBy(test.desc)}
			fine := prometheus.NewDesc("streamed", "", nil, nil)
			streamed := func(collect func(sink *metric.Sink) error) metric.Collector {
				return streamWith(func(_ context.Context, sink *metric.Sink) error {
					return errors.Join(collect(sink), sink.Gauge(fine, 1))
				}, fine)
			}
			for way, c := range map[string]metric.Collector{
				"Collect":     unchecked,
				"labels":      metric.WrapCollectorWith(metric.Labels{"x": "1"}, unchecked),
				"prefix":      metric.WrapCollectorWithPrefix("p_", unchecked),
				"Sink.Metric": streamed(func(sink *metric.Sink) error { return sink.Metric(gaugeBy(test.desc)) }),
				"Sink.Gauge":  streamed(func(sink *metric.Sink) error { return sink.Gauge(test.desc, 1) }),
			} {
				r := metric.NewContextRegistry()
				r.MustRegister(c, metric.NewGauge(metric.GaugeOpts{Name: "native"}))
				families, err := r.Gather()
				want := 1
				if strings.HasPrefix(way, "Sink") {
					want = 2
				}
				if len(families) != want {
					t.Errorf("%s: gathered %v", way, families)
				}
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got %v, want … %s …", way, err, test.want)
				}
			}
		})
	}
}

// TestOddDescriptors checks that descriptors that look odd but are valid can be used.
func TestOddDescriptors(t *testing.T) {
	names := []string{"many"}
	for len(names) < 100 {
		names = append(names, names[len(names)-1]+",")
	}
	for name, desc := range map[string]*prometheus.Desc{
		"copy":              copyOf(prometheus.NewDesc("x", "Help.", []string{"a"}, prometheus.Labels{"b": "c"})),
		"made-up values":    prometheus.NewDesc("x", "\x000", []string{"a", "e"}, prometheus.Labels{"b": "\x000", "c": "\x00\x001", "d": "\x00\x00\x000"}),
		"commas and braces": prometheus.NewDesc("x", "}, variableLabels: {", []string{"a,b", "}", `"`}, prometheus.Labels{"c,d": `"},`}),
		"many labels":       prometheus.NewDesc("x", "", names, nil),
		"NUL in values":     prometheus.NewDesc("x", "\x00", nil, prometheus.Labels{"a": "\x00"}),
	} {
		t.Run(name, func(t *testing.T) {
			values := make([]string, strings.Count(desc.String(), ",")) // more values than names
			for i := range values {
				values[i] = string(rune('A' + i))
			}
			var m prometheus.Metric
			for n := range values {
				var err error
				if m, err = prometheus.NewConstMetric(desc, prometheus.GaugeValue, 1, values[:n]...); err == nil {
					break
				}
			}
			ours, theirs := metric.NewPedanticContextRegistry(), prometheus.NewPedanticRegistry()
			ours.MustRegister(describedBy{[]*prometheus.Desc{desc}, m})
			theirs.MustRegister(describedBy{[]*prometheus.Desc{desc}, m})
			if got, want := gatheredText(t, ours), gatheredText(t, theirs); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestBadWrappings checks invalid wrappings of an unchecked collector. It has no descriptor that
// would show the mistake.
func TestBadWrappings(t *testing.T) {
	unchecked := describedBy{nil, gaugeBy(prometheus.NewDesc("x", "", nil, nil))}
	for name, register := range map[string]func(*metric.ContextRegistry) error{
		"NUL in a prefix": func(r *metric.ContextRegistry) error {
			return metric.WrapRegistererWithPrefix("a\x00", r).Register(unchecked)
		},
		"NUL in a label": func(r *metric.ContextRegistry) error {
			return metric.WrapRegistererWith(metric.Labels{"a\x00": ""}, r).Register(unchecked)
		},
		"value not UTF-8": func(r *metric.ContextRegistry) error {
			return metric.WrapRegistererWith(metric.Labels{"a": "\xff"}, r).Register(unchecked)
		},
		"prefix of a gatherer": func(*metric.ContextRegistry) error {
			return metric.NewPrefixGatherer().Register("a\x00", metric.NewContextRegistry())
		},
		"label of a gatherer": func(*metric.ContextRegistry) error {
			return metric.NewLabelGatherer("a\x00").Register("a", metric.NewContextRegistry())
		},
		"nested registry": func(r *metric.ContextRegistry) error {
			return metric.WrapRegistererWith(metric.Labels{"a\x00": ""}, r).Register(metric.NewContextRegistry())
		},
	} {
		if err := register(metric.NewContextRegistry()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// gaugeBy returns a gauge with any descriptor.
func gaugeBy(d *prometheus.Desc) metric.Metric {
	return writes{d, func(out *dto.Metric) { out.Gauge = &dto.Gauge{Value: new(1.0)} }}
}
