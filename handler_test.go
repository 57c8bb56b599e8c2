package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestEffectiveTimeout checks law 2: the earliest of the request's deadline, HandlerOpts.Timeout
// and the header minus TimeoutOffset ends the scrape, and a header that is not valid is ignored
// and logged.
func TestEffectiveTimeout(t *testing.T) {
	const none = 24 * time.Hour // time that the collector takes
	for _, tc := range []struct {
		header  string
		opts    metric.HandlerOpts
		request time.Duration // deadline of the request
		want    time.Duration
		logged  bool
	}{
		{want: none},
		{header: "10", want: 9500 * time.Millisecond},
		{header: "1", want: 900 * time.Millisecond},
		{header: "0.5", want: 450 * time.Millisecond},
		{header: "9.5", want: 9 * time.Second},
		{header: "1e1", want: 9500 * time.Millisecond},
		{header: "10", opts: metric.HandlerOpts{TimeoutOffset: -1}, want: 10 * time.Second},
		{header: "10", opts: metric.HandlerOpts{TimeoutOffset: 2 * time.Second}, want: 8 * time.Second},
		{header: "1", opts: metric.HandlerOpts{TimeoutOffset: time.Second}, want: 500 * time.Millisecond},
		{header: "1", opts: metric.HandlerOpts{TimeoutOffset: time.Hour}, want: 500 * time.Millisecond},
		{opts: metric.HandlerOpts{Timeout: 3 * time.Second}, want: 3 * time.Second},
		{opts: metric.HandlerOpts{Timeout: 3 * time.Second, TimeoutOffset: time.Second}, want: 3 * time.Second},
		{header: "10", opts: metric.HandlerOpts{Timeout: 3 * time.Second}, want: 3 * time.Second},
		{header: "2", opts: metric.HandlerOpts{Timeout: 3 * time.Second, TimeoutOffset: -1}, want: 2 * time.Second},
		{header: "10", opts: metric.HandlerOpts{Timeout: 3 * time.Second}, request: time.Second, want: 900 * time.Millisecond},
		{header: "1", request: time.Minute, want: 900 * time.Millisecond},
		{request: time.Second, want: 900 * time.Millisecond},
		{request: time.Minute, want: time.Minute - 100*time.Millisecond},
		{header: "10", opts: metric.HandlerOpts{Patient: true}, want: 9900 * time.Millisecond},
		{header: "1", opts: metric.HandlerOpts{Patient: true}, request: 100 * time.Millisecond, want: 950 * time.Millisecond},
		{opts: metric.HandlerOpts{Patient: true}, request: time.Second, want: none},
		{header: "1e300", want: none},
		{header: "NaN", want: none, logged: true},
		{header: "Inf", want: none, logged: true},
		{header: "-1", want: none, logged: true},
		{header: "0", want: none, logged: true},
		{header: "soon", want: none, logged: true},
		{header: "soon", opts: metric.HandlerOpts{Timeout: time.Second}, want: time.Second, logged: true},
		{header: "10s", want: none, logged: true},
	} {
		t.Run(fmt.Sprintf("%q, %v, offset %v, own %v", tc.header, tc.opts.Timeout, tc.opts.TimeoutOffset, tc.request), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := oneCounter()
				reg.MustRegister(metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) {
					select {
					case <-ctx.Done():
					case <-time.After(none):
					}
				}))
				var logged []error
				tc.opts.ErrorHandling = metric.ContinueOnError
				tc.opts.ErrorLog = func(err error) { logged = append(logged, err) }
				r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
				if tc.header != "" {
					r.Header.Set(scrapeTimeout, tc.header)
				}
				if tc.request > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), tc.request)
					defer cancel()
					r = r.WithContext(ctx)
				}
				w := seenRecorder{httptest.NewRecorder()}
				start := time.Now()
				metric.HandlerForContext(reg, tc.opts).ServeHTTP(w, r)
				want := tc.want
				if want < none {
					want -= min(100*time.Millisecond, want/10) // The collector's own context ends by this much earlier.
				}
				if took := time.Since(start); took != want {
					t.Errorf("the scrape took %v, want %v", took, want)
				}
				if w.Code != http.StatusOK || w.Body.String() != oneCounterText {
					t.Errorf("got status %d and\n%s", w.Code, w.Body)
				}
				aboutHeader := slices.ContainsFunc(logged, func(err error) bool { return strings.Contains(err.Error(), scrapeTimeout) })
				if aboutHeader != tc.logged {
					t.Errorf("logged %v", logged)
				}
			})
		})
	}
}

// TestContextFunc checks law 1 for the context that the program makes from a request: collectors
// see its values.
func TestContextFunc(t *testing.T) {
	reg := metric.NewContextRegistry()
	var got any
	reg.MustRegister(metric.NewCollectorFunc(describing("a"), func(ctx context.Context, ch chan<- metric.Metric) {
		got = ctx.Value(contextKey{})
		ch <- one("a")
	}))
	fromQuery := func(r *http.Request) context.Context {
		return context.WithValue(context.Background(), contextKey{}, r.URL.Query().Get("include"))
	}
	h := metric.HandlerForContext(reg, metric.HandlerOpts{ContextFunc: fromQuery})
	if w := requestTo(h, "/metrics?include=x"); w.Code != http.StatusOK || got != "x" {
		t.Errorf("got status %d, and %v in the context", w.Code, got)
	}
	t.Run("nil", func(t *testing.T) {
		h := metric.HandlerForContext(reg, metric.HandlerOpts{ContextFunc: func(*http.Request) context.Context { return nil }})
		if w := request(h); w.Code != http.StatusOK {
			t.Errorf("got status %d", w.Code)
		}
	})
	t.Run("panic", func(t *testing.T) {
		var logged error
		h := metric.HandlerForContext(reg, metric.HandlerOpts{
			ContextFunc: func(*http.Request) context.Context { panic("boom") },
			ErrorLog:    func(err error) { logged = err },
		})
		w := request(h)
		if _, ok := errors.AsType[*metric.PanicError](logged); !ok || w.Code != http.StatusInternalServerError {
			t.Errorf("got status %d and logged %v", w.Code, logged)
		}
	})
}

// TestErrorHandling checks status, body and log of an answer with failures, for each kind of
// error handling.
func TestErrorHandling(t *testing.T) {
	broken := func() *metric.ContextRegistry {
		r := oneCounter()
		if err := r.RegisterWith(plain{"broken", func(ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc("broken"), errors.New("no luck"))
		}}, metric.WithName("culprit")); err != nil {
			t.Fatal(err)
		}
		return r
	}
	nothing := metric.NewContextRegistry()
	nothing.MustRegister(plain{"broken", func(chan<- metric.Metric) { panic("no luck") }})
	const body = "An error has occurred while serving metrics:\n\n1 error(s) occurred:\n* collector culprit: error collecting metric "
	for name, tc := range map[string]struct {
		registry *metric.ContextRegistry
		handling metric.HandlerErrorHandling
		code     int
		body     string
	}{
		"continue":                 {broken(), metric.ContinueOnError, http.StatusOK, oneCounterText},
		"continue without metrics": {nothing, metric.ContinueOnError, http.StatusInternalServerError, "An error has occurred while serving metrics:\n\n"},
		"HTTP error":               {broken(), metric.HTTPErrorOnError, http.StatusInternalServerError, body},
	} {
		t.Run(name, func(t *testing.T) {
			var logged []error
			errorsTotal := metric.NewContextRegistry()
			h := metric.HandlerForContext(tc.registry, metric.HandlerOpts{
				ErrorHandling: tc.handling, ErrorLog: func(err error) { logged = append(logged, err) }, Registry: errorsTotal,
			})
			w := request(h, "Accept-Encoding", "gzip")
			got := decompress(t, w)
			if w.Code != tc.code || !strings.HasPrefix(got, tc.body) {
				t.Errorf("got status %d and\n%s", w.Code, got)
			}
			if len(logged) != 1 || !strings.Contains(logged[0].Error(), "no luck") {
				t.Errorf("logged %v", logged)
			}
			counts := request(metric.HandlerFor(errorsTotal)).Body.String()
			for _, line := range []string{`errors_total{cause="gathering"} 1`, `errors_total{cause="encoding"} 0`} {
				if !strings.Contains(counts, line) {
					t.Errorf("got no %s in\n%s", line, counts)
				}
			}
		})
	}
	for _, accept := range []string{"application/openmetrics-text;version=1.0.0", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
		t.Run("continue without metrics in "+accept, func(t *testing.T) {
			h := metric.HandlerForContext(nothing, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true})
			w := request(h, "Accept", accept)
			if w.Code != http.StatusInternalServerError || !strings.HasPrefix(w.Body.String(), "An error has occurred") {
				t.Errorf("got status %d and\n%s", w.Code, w.Body)
			}
		})
	}
	t.Run("panic", func(t *testing.T) {
		defer func() {
			if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "no luck") {
				t.Errorf("it panicked with %v", err)
			}
		}()
		request(metric.HandlerForContext(broken(), metric.HandlerOpts{ErrorHandling: metric.PanicOnError}))
		t.Error("it did not panic")
	})
	t.Run("log panics", func(t *testing.T) {
		h := metric.HandlerForContext(broken(), metric.HandlerOpts{
			ErrorHandling: metric.ContinueOnError, ErrorLog: func(error) { panic("boom") },
		})
		if w := request(h); w.Code != http.StatusOK || w.Body.String() != oneCounterText {
			t.Errorf("got status %d and\n%s", w.Code, w.Body)
		}
	})
}

// TestLimitOfRequests checks that a request beyond MaxRequestsInFlight is refused with status
// 503, and that the next one is served.
func TestLimitOfRequests(t *testing.T) {
	reg := metric.NewContextRegistry()
	started, release := make(chan struct{}), make(chan struct{})
	reg.MustRegister(plain{"a", func(chan<- metric.Metric) {
		started <- struct{}{}
		<-release
	}})
	h := metric.HandlerForContext(reg, metric.HandlerOpts{MaxRequestsInFlight: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		request(h)
	}()
	<-started
	w := request(h)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
		w.Body.String() != "Limit of concurrent requests reached (1), try again later.\n" {
		t.Errorf("got status %d, headers %v and %s", w.Code, w.Header(), w.Body)
	}
	close(release)
	<-done
	go func() { <-started }()
	if w := request(h); w.Code != http.StatusOK {
		t.Errorf("afterwards, got status %d", w.Code)
	}
}

// TestSelectByName checks that name[] selects families, and that collectors with none of them do
// not run.
func TestSelectByName(t *testing.T) {
	r, _ := healthy(t)
	var ran atomic.Bool
	r.MustRegister(plain{"unwanted", func(chan<- metric.Metric) { ran.Store(true) }})
	h := metric.HandlerFor(r)
	w := requestTo(h, "/metrics?name[]=healthy_stream&name[]=healthy_func&name[]=nonsense")
	if got := namesIn(w.Body); !slices.Equal(got, []string{"healthy_stream", "healthy_func"}) {
		t.Errorf("got families %q", got)
	}
	if ran.Load() {
		t.Error("a collector ran that has none of the wanted families")
	}
	if w := requestTo(h, "/metrics?name[]=%zz"); w.Code != http.StatusBadRequest || w.Body.Len() == 0 {
		t.Errorf("got status %d and %q", w.Code, w.Body)
	}
}

// TestHead checks that a HEAD request gets the header of an answer, and that nothing is gathered
// for it.
func TestHead(t *testing.T) {
	r := oneCounter()
	r.MustRegister(plain{"a", func(chan<- metric.Metric) { t.Error("it was gathered for nothing") }})
	w := httptest.NewRecorder()
	metric.HandlerFor(r).ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/metrics", http.NoBody))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("got status %d, headers %v and %q", w.Code, w.Header(), w.Body)
	}
}

// TestProcessStartTime checks the header of HandlerOpts.ProcessStartTime.
func TestProcessStartTime(t *testing.T) {
	h := metric.HandlerForContext(oneCounter(), metric.HandlerOpts{ProcessStartTime: time.Unix(1234, 5)})
	if got := request(h).Header().Get("Process-Start-Time-Unix"); got != "1234" {
		t.Errorf("got %q", got)
	}
}
