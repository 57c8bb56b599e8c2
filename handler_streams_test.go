package metric_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestStreamOverHTTP checks that nothing is missing when a stream collector with many series is
// served beside collectors of other kinds.
func TestStreamOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const series = 100_000
		r, want := healthy(t)
		r.MustRegister(numberedStream("big", series))
		w := request(metric.HandlerFor(r))
		names := namesIn(bytes.NewBuffer(w.Body.Bytes()))
		slices.Sort(names)
		if !slices.Equal(names, append([]string{"big"}, want...)) {
			t.Errorf("got families %q", names)
		}
		if n := strings.Count(w.Body.String(), "\nbig{"); n != series {
			t.Errorf("got %d series, want %d", n, series)
		}
	})
}

// TestStreamAtDeadline checks that a deadline that cuts off a stream collector leaves a complete
// exposition with the series that the collector has written.
func TestStreamAtDeadline(t *testing.T) {
	for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
		t.Run(accept, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, want := healthy(t)
				if err := r.RegisterWith(stallingStream("big"), metric.WithName("culprit")); err != nil {
					t.Fatal(err)
				}
				var logged error
				w := request(metric.HandlerFor(r, metric.HandlerOpts{
					ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, ErrorLog: func(err error) { logged = err },
				}), scrapeTimeout, "1", "Accept", accept)
				body := w.Body.String()
				if n := strings.Count(body, "\nbig{"); n != 10 {
					t.Errorf("got %d samples of the stream, want 10", n)
				}
				if names := namesIn(w.Body); len(names) != len(want)+1 {
					t.Errorf("got families %q", names)
				}
				if strings.HasPrefix(accept, "application") != strings.HasSuffix(body, "\n# EOF\n") {
					t.Errorf("got\n%s", body)
				}
				gathered, ok := errors.AsType[*metric.GatherError](logged)
				if !ok || len(gathered.Failures) != 2 || !errors.Is(logged, context.DeadlineExceeded) {
					t.Errorf("logged %v, want the deadline and the sample that did not fit", logged)
				}
			})
		})
	}
}

// TestOwnDeadlineOfRequest checks that the series that a stream has written are delivered when the
// request's own deadline passes.
func TestOwnDeadlineOfRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := oneCounter()
		r.MustRegister(stallingStream("big"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		metric.HandlerFor(r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody).WithContext(ctx))
		if body := w.Body.String(); strings.Count(body, "\nbig{") != 10 || !strings.Contains(body, oneCounterText) {
			t.Errorf("got\n%s", body)
		}
	})
}

// stallingStream returns a stream that writes ten samples and one that does not fit its descriptor,
// and then nothing until the deadline.
func stallingStream(name string) metric.StreamCollector {
	d := numberedDesc(name)
	return streamWith(func(ctx context.Context, s *metric.Sink) error {
		if err := writeNumbered(s, d, 0, 10); err != nil {
			return err
		}
		if err := s.Gauge(d, 1, "one", "too many"); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}, d)
}
