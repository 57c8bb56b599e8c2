package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// TestInvalidMetricOfStream checks that an invalid metric that a stream sends counts as its error.
func TestInvalidMetricOfStream(t *testing.T) {
	c := streamOf("scripted", func(_ context.Context, s *metric.Sink) error {
		if err := s.Metric(metric.NewInvalidMetric(desc("scripted"), errTest)); err != nil {
			return err
		}
		return s.Gauge(desc("scripted"), 1)
	})
	wantScrape(t, registered(t, c), 1, errTest)
	n := 0
	for m := range metricsOf(c) {
		if err := m.Write(&metric.MetricData{}); err != nil && !errors.Is(err, errTest) {
			t.Errorf("got error %v", err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("collected %d metrics", n)
	}
}

// metricsOf returns the metrics that c collects.
func metricsOf(c metric.Collector) <-chan metric.Metric {
	ch := make(chan metric.Metric, 100)
	c.Collect(ch)
	close(ch)
	return ch
}

// TestSinkUsedConcurrently checks that it is an error to write to a sink from a second goroutine
// during a call of the first, and that the exposition stays readable.
func TestSinkUsedConcurrently(t *testing.T) {
	desc := prometheus.NewDesc("shared", "Of a test.", []string{"l"}, nil)
	r := metric.NewContextRegistry()
	r.MustRegister(
		streamWith(func(_ context.Context, sink *metric.Sink) error {
			if err := sink.Gauge(desc, 1, "before"); err != nil {
				return err
			}
			var inner error
			// The channel makes the overlap deterministic and avoids a data race.
			outer := sink.Metric(writes{desc, func(out *dto.Metric) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					inner = sink.Gauge(desc, 1, "meanwhile")
				}()
				<-done
				out.Label = []*dto.LabelPair{{Name: new("l"), Value: new("first")}}
				out.Gauge = &dto.Gauge{Value: new(1.0)}
			}})
			after := sink.Gauge(desc, 1, "after")
			for call, err := range map[string]error{"inner": inner, "outer": outer, "after": after} {
				if err == nil || !strings.Contains(err.Error(), "a Sink was used concurrently") {
					t.Errorf("the %s call returned %v", call, err)
				}
			}
			return nil
		}, desc),
		metric.NewGauge(metric.GaugeOpts{Name: "native"}),
	)
	var logged []string
	response := httptest.NewRecorder()
	metric.HandlerForContext(r, metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { logged = append(logged, err.Error()) },
	}).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	read, err := readBack(response)
	if err != nil || read["native"] == nil || len(read["shared"].GetMetric()) != 2 {
		t.Errorf("%v and %v in %q", read, err, response.Body)
	}
	if all := strings.Join(logged, "\n"); strings.Count(all, "a Sink was used concurrently") != 1 {
		t.Errorf("logged %q", all)
	}
}
