package metric_test

import (
	"context"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// served2 scrapes g in OpenMetrics 2.0 and returns the body and the logged errors.
func served2(g metric.Gatherer) (body string, logged error) {
	h := metric.HandlerFor(g, metric.HandlerOpts{
		AcceptedFormats: []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_2_0_0},
		ErrorHandling:   metric.ContinueOnError,
		ErrorLog:        func(err error) { logged = err },
	})
	body = request(h, "Accept", "application/openmetrics-text;version=2.0.0").Body.String()
	return body, logged
}

// TestOpenMetrics2 serves instruments, collectors and streams, and reads them with the decoder of
// another implementation.
func TestOpenMetrics2(t *testing.T) {
	r := metric.NewContextRegistry()
	c := metric.NewCounterVec(metric.CounterOpts{Name: "jobs.done_total", Help: "Of a \"test\"."}, []string{"kind"})
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h_seconds", Unit: "seconds", Buckets: []float64{1, 2}, NativeHistogramBucketFactor: 2})
	s := metric.NewSummary(metric.SummaryOpts{Name: "s"})
	stream := metric.NewDesc("streamed", "", []string{"n"}, nil)
	r.MustRegister(c, h, s, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "foreign"}, func() float64 { return 1e6 }),
		streamWith(func(_ context.Context, s *metric.Sink) error {
			return errors.Join(s.Gauge(stream, 1, "a"), s.Gauge(stream, -0.5, "b"))
		}, stream))
	c.WithLabelValues("x").Add(3)
	if o, ok := h.(metric.ExemplarObserver); ok {
		o.ObserveWithExemplar(1.5, metric.Labels{"trace_id": "7"})
	}
	s.Observe(-2)

	body, logged := served2(r)
	if logged != nil {
		t.Errorf("logged %v", logged)
	}
	times := regexp.MustCompile(`(@|\s)\d{10}(\.\d+)?`)
	if got, want := times.ReplaceAllString(body, "${1}T"), strings.Join([]string{
		`# TYPE streamed gauge`,
		`streamed{n="a"} 1`,
		`streamed{n="b"} -0.5`,
		`# TYPE foreign gauge`,
		`foreign 1e+06`,
		`# TYPE h_seconds histogram`,
		`# UNIT h_seconds seconds`,
		`h_seconds {count:1,sum:1.5,schema:0,zero_threshold:2.938735877055719e-39,zero_count:0,positive_spans:[1:1],positive_buckets:[1],` +
			`bucket:[1:0,2:1,+Inf:1]} st@T # {trace_id="7"} 1.5 T`,
		`# TYPE "jobs.done_total" counter`,
		`# HELP "jobs.done_total" Of a \"test\".`,
		`{"jobs.done_total",kind="x"} 3 st@T`,
		`# TYPE s summary`,
		`s {count:1,sum:-2,quantile:[]} st@T`,
		"# EOF\n",
	}, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var families []string
	for d := expfmt.NewDecoder(strings.NewReader(body), expfmt.FmtOpenMetrics_2_0_0); ; {
		var mf dto.MetricFamily
		err := d.Decode(&mf)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		families = append(families, mf.GetName())
	}
	if want := []string{"streamed", "foreign", "h_seconds", "jobs.done_total", "s"}; !slices.Equal(families, want) {
		t.Errorf("got families %q, want %q", families, want)
	}
}

// TestNoPlaceInOpenMetrics2 checks that a sample that the format forbids is reported and costs no
// other sample.
func TestNoPlaceInOpenMetrics2(t *testing.T) {
	r := metric.NewContextRegistry()
	counter := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"l"})
	counter.WithLabelValues("bad").Add(math.NaN())
	counter.WithLabelValues("good").Inc()
	stream := metric.NewDesc("streamed_total", "", []string{"l"}, nil)
	r.MustRegister(counter)
	if err := r.RegisterWith(streamWith(func(_ context.Context, s *metric.Sink) error {
		return errors.Join(s.Counter(stream, math.NaN(), "bad"), s.Counter(stream, 7, "good"))
	}, stream), metric.WithName("culprit")); err != nil {
		t.Fatal(err)
	}
	body, logged := served2(r)
	if strings.Contains(body, "bad") || !strings.Contains(body, "c_total{l=\"good\"} 1 st@") ||
		!strings.Contains(body, "streamed_total{l=\"good\"} 7\n") || !strings.HasSuffix(body, "\n# EOF\n") {
		t.Errorf("got\n%s", body)
	}
	if logged == nil {
		t.Fatal("nothing was logged")
	}
	for _, want := range []string{
		`collector culprit: sample of metric "streamed_total": streamed_total{l="bad"} cannot be written in OpenMetrics 2.0: the value of a counter must be a number that is not negative`,
		`c_total{l="bad"} cannot be written in OpenMetrics 2.0`,
	} {
		if !strings.Contains(logged.Error(), want) {
			t.Errorf("logged %v, want %s", logged, want)
		}
	}
	if text, _ := served(t, r, "text/plain"); strings.Count(text, "NaN") != 2 {
		t.Errorf("other formats have such samples, but got\n%s", text)
	}
}

// TestNamesAsReadInOpenMetrics2 checks that no two families have a series of the same name after
// Prometheus has split a value into several series.
func TestNamesAsReadInOpenMetrics2(t *testing.T) {
	family := func(name string, kind dto.MetricType, m *dto.Metric) *dto.MetricFamily {
		return &dto.MetricFamily{Name: &name, Type: kind.Enum(), Metric: []*dto.Metric{m}}
	}
	for _, suffix := range []string{"_gcount", "_gsum", "_bucket", "_count", "_created"} {
		t.Run(suffix, func(t *testing.T) {
			g := metric.NewMultiGatherer()
			if err := g.Register("g", metric.GathererFunc(func() ([]*dto.MetricFamily, error) {
				return []*dto.MetricFamily{
					family("h", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCount: new(uint64(1))}}),
					family("h"+suffix, dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{}}),
				}, nil
			})); err != nil {
				t.Fatal(err)
			}
			body, logged := served2(g)
			both := suffix == "_count" || suffix == "_created"
			if got := strings.Contains(body, "h"+suffix+" 0\n"); got != both || !strings.Contains(body, "h {gcount:1,") {
				t.Errorf("got\n%s", body)
			}
			if (logged == nil) != both {
				t.Errorf("logged %v", logged)
			}
		})
	}
}

// TestOpenMetrics2IsWhole checks that the answer to a failed scrape has no # EOF.
func TestOpenMetrics2IsWhole(t *testing.T) {
	for _, handling := range []metric.HandlerErrorHandling{metric.HTTPErrorOnError, metric.ContinueOnError} {
		r := metric.NewContextRegistry()
		r.MustRegister(failing("broken", "no luck"))
		h := metric.HandlerForContext(r, metric.HandlerOpts{
			AcceptedFormats: []expfmt.Format{expfmt.FmtOpenMetrics_2_0_0}, ErrorHandling: handling, ErrorLog: func(error) {},
		})
		w := request(h, "Accept", "application/openmetrics-text;version=2.0.0")
		if w.Code != 500 || strings.Contains(w.Body.String(), "EOF") {
			t.Errorf("%v: status %d and\n%s", handling, w.Code, w.Body)
		}
	}
}
