package metric_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// badSamples returns invalid metrics with the expected error texts. An exposition with one of these metrics
// would be refused by Prometheus, as a whole, in at least one format.
func badSamples(t *testing.T) map[string]struct {
	metric prometheus.Metric
	want   string
} {
	t.Helper()
	desc := prometheus.NewDesc("bad", "Of a test.", []string{"l"}, nil)
	must := func(m prometheus.Metric, err error) prometheus.Metric {
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	one := must(prometheus.NewConstMetric(desc, prometheus.GaugeValue, 1, "v"))
	histogram := func(h *dto.Histogram) prometheus.Metric {
		return writes{desc, func(out *dto.Metric) { out.Histogram = h }}
	}
	type sample = struct {
		metric prometheus.Metric
		want   string
	}
	return map[string]sample{
		"before 1970":       {prometheus.NewMetricWithTimestamp(time.UnixMilli(-1), one), `collected metric "bad" {l="v"} has the timestamp -1`},
		"zero time":         {prometheus.NewMetricWithTimestamp(time.Time{}, one), `collected metric "bad" {l="v"} has the timestamp -62135596800000`},
		"far in the future": {prometheus.NewMetricWithTimestamp(time.Unix(math.MaxInt64/1000, 0), one), `collected metric "bad" {l="v"} has the timestamp`},
		"falling counts": {
			must(prometheus.NewConstHistogram(desc, 5, 1, map[float64]uint64{1: 5, 2: 3}, "v")),
			`collected metric "bad" {l="v"} has a bucket 2 that counts 3`,
		},
		"less than in a bucket": {
			must(prometheus.NewConstHistogram(desc, 4, 1, map[float64]uint64{1: 5}, "v")),
			`collected metric "bad" {l="v"} counts 4 observations in all but 5`,
		},
		"spans without deltas": {
			histogram(&dto.Histogram{SampleCount: new(uint64(1)), Schema: new(int32(0)), PositiveSpan: []*dto.BucketSpan{{Length: new(uint32(1))}}}),
			`collected metric "bad" {} has 0 positive buckets but spans for 1`,
		},
		"absurd span": {
			histogram(&dto.Histogram{Schema: new(int32(0)), PositiveSpan: []*dto.BucketSpan{{Length: new(uint32(math.MaxInt32))}}, PositiveDelta: []int64{1}}),
			`collected metric "bad" {} has 1 positive buckets but spans for 2147483647`,
		},
		"quantile twice": {
			writes{desc, func(out *dto.Metric) {
				q := &dto.Quantile{Quantile: new(0.5), Value: new(1.0)}
				out.Summary = &dto.Summary{Quantile: []*dto.Quantile{q, q}}
			}},
			`collected metric "bad" {} has two or more quantiles with the same rank`,
		},
		"NUL in a label": {
			writes{desc, func(out *dto.Metric) {
				out.Gauge = &dto.Gauge{}
				out.Label = []*dto.LabelPair{{Name: new("a\x00b"), Value: new("")}}
			}},
			`collected metric "bad" {"a\x00b"=""} has a label with an invalid name`,
		},
	}
}

var strictFormats = map[string]string{
	"text":        "text/plain;version=0.0.4;escaping=allow-utf-8",
	"OpenMetrics": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
	"protobuf":    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
}

// TestBadSamples scrapes a bad sample together with healthy ones, of the same collector and of others, in
// all formats. Only the bad sample must be missing, and it must be reported.
func TestBadSamples(t *testing.T) {
	healthy := prometheus.NewDesc("healthy", "Of a test.", nil, nil)
	for name, test := range badSamples(t) {
		t.Run(name, func(t *testing.T) {
			ok, err := prometheus.NewConstMetric(healthy, prometheus.GaugeValue, 7)
			if err != nil {
				t.Fatal(err)
			}
			metrics := []prometheus.Metric{test.metric, ok}
			for way, c := range map[string]metric.Collector{
				"collector": metric.CollectorFunc(func(ch chan<- metric.Metric) {
					for _, m := range metrics {
						ch <- m
					}
				}),
				"wrapped": metric.WrapCollectorWith(nil, metric.CollectorFunc(func(ch chan<- metric.Metric) {
					for _, m := range metrics {
						ch <- m
					}
				})),
				"stream": streamWith(func(_ context.Context, sink *metric.Sink) error {
					return errors.Join(sink.Metric(metrics[0]), sink.Metric(metrics[1]))
				}, healthy, test.metric.Desc()),
			} {
				r := metric.NewContextRegistry()
				r.MustRegister(c, metric.NewGauge(metric.GaugeOpts{Name: "native"}))
				checkBadSample(t, way, r, test.want)
			}
			g := metric.NewMultiGatherer()
			if err := g.Register("foreign", gathererWith(t, metrics)); err != nil {
				t.Fatal(err)
			}
			native := metric.NewContextRegistry()
			native.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "native"}))
			if err := g.Register("native", native); err != nil {
				t.Fatal(err)
			}
			checkBadSample(t, "gatherer", g, test.want)
		})
	}
}

// gathererWith returns a gatherer of metrics that does not check them.
func gathererWith(t *testing.T, metrics []prometheus.Metric) metric.Gatherer {
	t.Helper()
	var families []*dto.MetricFamily
	for _, m := range metrics {
		out := written(t, m)
		kind := dto.MetricType_GAUGE
		switch {
		case out.Histogram != nil:
			kind = dto.MetricType_HISTOGRAM
		case out.Summary != nil:
			kind = dto.MetricType_SUMMARY
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(m.Desc().String(), `Desc{fqName: "`), `"`)
		families = append(families, &dto.MetricFamily{Name: &name, Help: new("Of a test."), Type: kind.Enum(), Metric: []*dto.Metric{out}})
	}
	return metric.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
}

func checkBadSample(t *testing.T, way string, g metric.GathererWithContext, want string) {
	t.Helper()
	families, err := g.GatherWithContext(context.Background())
	if len(families) != 2 || families[0].GetName() != "healthy" || families[1].GetName() != "native" {
		t.Errorf("%s: gathered %v", way, families)
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want … %s …", way, err, want)
	}
	for format, accept := range strictFormats {
		var reported []error
		handler := metric.HandlerForContext(g, metric.HandlerOpts{
			EnableOpenMetrics: true, ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { reported = append(reported, err) },
		})
		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("Accept", accept)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		read, err := readBack(response)
		if err != nil || len(read) != 2 || read["healthy"].GetMetric()[0].GetGauge().GetValue() != 7 || read["native"] == nil {
			t.Errorf("%s, %s: %v and %v in %q", way, format, read, err, response.Body)
		}
		if err := errors.Join(reported...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %s: logged %v, want … %s …", way, format, err, want)
		}
	}
}

// TestNULInAFamily checks a family whose name no reader could parse.
func TestNULInAFamily(t *testing.T) {
	g := metric.NewMultiGatherer()
	if err := g.Register("bad", metric.GathererFunc(func() ([]*dto.MetricFamily, error) {
		one := []*dto.Metric{{Gauge: &dto.Gauge{Value: new(1.0)}}}
		return []*dto.MetricFamily{
			{Name: new("a\x00b"), Type: dto.MetricType_GAUGE.Enum(), Metric: one},
			{Name: new("healthy"), Type: dto.MetricType_GAUGE.Enum(), Metric: one},
		}, nil
	})); err != nil {
		t.Fatal(err)
	}
	families, err := g.Gather()
	if len(families) != 1 || families[0].GetName() != "healthy" {
		t.Errorf("gathered %v", families)
	}
	if err == nil || !strings.Contains(err.Error(), `a metric family with an invalid name: "a\x00b" contains a NUL byte`) {
		t.Errorf("got %v", err)
	}
}
