package metric_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// clashSide is one of two families that clash. It has one series.
type clashSide struct {
	name   string
	kind   metric.MetricType
	labels metric.Labels
}

// clash is a pair of families that a reader takes for one, or whose series a reader takes for the same.
// They may clash always, only after escaping, or only in one of the formats.
type clash struct {
	a, b clashSide
	// plain is the name of b if that needs no escaping, and empty otherwise. In that case, b takes
	// precedence.
	plain string
	// utf8 reports whether both are present if no name is escaped.
	utf8 bool
}

func clashes() []clash {
	gauge, counter, histogram, summary := metric.MetricTypeGauge, metric.MetricTypeCounter, metric.MetricTypeHistogram, metric.MetricTypeSummary
	return []clash{
		{a: clashSide{"foo.bar", gauge, nil}, b: clashSide{"foo_bar", gauge, nil}, plain: "foo_bar", utf8: true},
		{a: clashSide{"foo.bar_total", counter, nil}, b: clashSide{"foo_bar_total", counter, nil}, plain: "foo_bar_total", utf8: true},
		{a: clashSide{"foo.bar", gauge, metric.Labels{"x": "1"}}, b: clashSide{"foo_bar", counter, metric.Labels{"y": "1"}}},
		{a: clashSide{"h", histogram, nil}, b: clashSide{"h_count", gauge, nil}},
		{a: clashSide{"h", histogram, nil}, b: clashSide{"h_bucket", counter, metric.Labels{"le": "+Inf"}}},
		{a: clashSide{"h.x", histogram, nil}, b: clashSide{"h_x_count", gauge, nil}, plain: "h_x_count", utf8: true},
		{a: clashSide{"s", summary, nil}, b: clashSide{"s_sum", gauge, nil}},
		{a: clashSide{"c_total", counter, nil}, b: clashSide{"c_created", gauge, nil}},
		{a: clashSide{"l", gauge, metric.Labels{"a.b": "x"}}, b: clashSide{"l", gauge, metric.Labels{"a_b": "x"}}},
		{a: clashSide{"both", gauge, metric.Labels{"a.b": "x", "a_b": "y"}}, b: clashSide{"alone", gauge, nil}, plain: "alone"},
		{a: clashSide{"empty", gauge, metric.Labels{"b": ""}}, b: clashSide{"empty", gauge, nil}},
	}
}

// nameCorner has clashes of names between sources of all kinds, which are scraped in all formats and with
// all escaping schemes. Each exposition must contain every name at most once, and every family whose name
// clashes with no other.
func nameCorner(t *testing.T) *corner {
	c := &corner{t: t, name: "names"}
	registry, other := metric.NewContextRegistry(metric.WithSelfMetrics("chaos")), metric.NewContextRegistry()
	registry.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "healthy_native", Help: "h"}))
	sources := []func(clashSide) error{
		func(s clashSide) error { return registry.Register(s.instrument()) },
		func(s clashSide) error { return registry.Register(s.collector()) },
		func(s clashSide) error { return registry.Register(fixedStream{s.collector()}) },
		func(s clashSide) error { return other.Register(s.instrument()) },
		func(s clashSide) error { return other.Register(fixedStream{s.collector()}) },
	}
	always, utf8 := []string{"healthy_native"}, []string(nil)
	for i, clash := range clashes() {
		for j, first := range sources {
			for k, second := range sources {
				a, b := clash.a, clash.b
				prefix := fmt.Sprintf("clash_%d_%d_%d_", i, j, k)
				a.name, b.name = prefix+a.name, prefix+b.name
				// Of two families that always clash, one may be refused.
				errA, errB := first(a), second(b)
				if errA != nil && errB != nil {
					t.Errorf("%v and %v", errA, errB)
				}
				if errB == nil && clash.plain != "" {
					always = append(always, prefix+clash.plain)
				}
				if errA == nil && clash.utf8 {
					utf8 = append(utf8, a.series())
				}
			}
		}
	}
	all := metric.NewMultiGatherer()
	if err := errors.Join(all.Register("registry", registry), all.Register("other", other)); err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewServer(metric.HandlerForContext(all, metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true,
	}))

	client := func(ctx context.Context, client *http.Client) error {
		accept := randomAccept()
		series, _, err := c.scrape(ctx, client, "/", "", accept)
		if err == nil && !strings.Contains(accept, "escaping=values") && !strings.Contains(accept, "escaping=dots") {
			err = missing(series, always...)
		}
		if err == nil && strings.HasPrefix(accept, "text") && strings.Contains(accept, "allow-utf-8") {
			err = missing(series, utf8...)
		}
		if err != nil {
			return fmt.Errorf("accepting %s: %w", accept, err)
		}
		return nil
	}
	c.clients = []cornerClient{client, client}
	return c
}

func randomAccept() string {
	format := []string{
		"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	}[rand.IntN(3)]
	return format + []string{"", ";escaping=allow-utf-8", ";escaping=underscores", ";escaping=dots", ";escaping=values"}[rand.IntN(5)]
}

// series returns the name of a series of the family, without labels, or a part of that name.
func (s clashSide) series() string {
	switch name := fmt.Sprintf(`{"%s%s"}`, s.name, map[bool]string{true: "_count"}[s.kind == metric.MetricTypeHistogram]); {
	case strings.Contains(s.name, "."):
		return name
	default:
		return name[2 : len(name)-2]
	}
}

// instrument returns the family as an instrument of this package.
func (s clashSide) instrument() metric.Collector {
	switch s.kind {
	case metric.MetricTypeCounter:
		return metric.NewCounter(metric.CounterOpts{Name: s.name, Help: "h", ConstLabels: s.labels})
	case metric.MetricTypeHistogram:
		return metric.NewHistogram(metric.HistogramOpts{Name: s.name, Help: "h", ConstLabels: s.labels})
	case metric.MetricTypeSummary:
		return metric.NewSummary(metric.SummaryOpts{Name: s.name, Help: "h", ConstLabels: s.labels})
	default:
		return metric.NewGauge(metric.GaugeOpts{Name: s.name, Help: "h", ConstLabels: s.labels})
	}
}

// collector returns the family as a collector of a constant metric.
func (s clashSide) collector() fixedCollector {
	desc := metric.NewDesc(s.name, "h", nil, s.labels)
	switch s.kind {
	case metric.MetricTypeCounter:
		return fixedCollector{desc, metric.MustNewConstMetric(desc, metric.CounterValue, 1)}
	case metric.MetricTypeHistogram:
		return fixedCollector{desc, metric.MustNewConstHistogram(desc, 2, 3, map[float64]uint64{1: 1})}
	case metric.MetricTypeSummary:
		return fixedCollector{desc, metric.MustNewConstSummary(desc, 2, 3, nil)}
	default:
		return fixedCollector{desc, metric.MustNewConstMetric(desc, metric.GaugeValue, 1)}
	}
}

// fixedCollector is a collector that always sends the same metric.
type fixedCollector struct {
	desc   *metric.Desc
	metric metric.Metric
}

func (c fixedCollector) Describe(ch chan<- *metric.Desc) { ch <- c.desc }
func (c fixedCollector) Collect(ch chan<- metric.Metric) { ch <- c.metric }

// fixedStream is a fixedCollector that writes to a sink.
type fixedStream struct{ fixedCollector }

func (s fixedStream) CollectTo(_ context.Context, sink *metric.Sink) error {
	return sink.Metric(s.metric)
}
