package metric_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// untilDone is a collector that ends with its context.
func untilDone() metric.Collector {
	return metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) { <-ctx.Done() })
}

// TestOuterDeadlines checks that a scrape under the program's own deadlines leaves time to send the
// answer.
func TestOuterDeadlines(t *testing.T) {
	reg := func() *metric.ContextRegistry {
		r := oneCounter()
		r.MustRegister(untilDone())
		return r
	}
	t.Run("http.TimeoutHandler", func(t *testing.T) {
		for _, timeout := range []time.Duration{50 * time.Millisecond, time.Second, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				w := request(http.TimeoutHandler(metric.HandlerFor(reg()), timeout, "too late"))
				if w.Code != http.StatusOK || w.Body.String() != oneCounterText {
					t.Errorf("%v: got status %d and\n%s", timeout, w.Code, w.Body)
				}
			})
		}
	})
	t.Run("WriteTimeout", func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{
			time.Second: 900 * time.Millisecond, time.Minute: 59500 * time.Millisecond,
		} {
			want -= min(want/10, 100*time.Millisecond) // The collector's context ends this much before the scrape.
			synctest.Test(t, func(t *testing.T) {
				c := servePipes(t, &http.Server{WriteTimeout: timeout, Handler: metric.HandlerFor(reg())})()
				defer c.Close()
				start := time.Now()
				ask(t, c)
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if took := time.Since(start); err != nil || string(body) != oneCounterText || took != want {
					t.Errorf("%v: after %v, got error %v and\n%s", timeout, took, err, body)
				}
			})
		}
	})
}

// TestScrapeContext checks that the context ends at the same time as a handler's scrape.
func TestScrapeContext(t *testing.T) {
	withValue := func(r *http.Request) context.Context {
		return context.WithValue(r.Context(), contextKey{}, r.URL.Query().Get("target"))
	}
	for name, tc := range map[string]struct {
		opts    metric.HandlerOpts
		header  string
		request time.Duration // deadline of the request
		want    time.Duration // 0 if there is no deadline
		value   any
		logged  int
	}{
		"nothing":             {},
		"header":              {header: "10", want: 9500 * time.Millisecond},
		"header and offset":   {header: "10", opts: metric.HandlerOpts{TimeoutOffset: time.Second}, want: 9 * time.Second},
		"header and Timeout":  {header: "10", opts: metric.HandlerOpts{Timeout: time.Second}, want: time.Second},
		"request":             {header: "10", request: time.Second, want: 900 * time.Millisecond},
		"patient":             {header: "10", opts: metric.HandlerOpts{Patient: true}, request: time.Second, want: 9900 * time.Millisecond},
		"values":              {header: "1", opts: metric.HandlerOpts{ContextFunc: withValue}, want: 900 * time.Millisecond, value: "a"},
		"values, patient":     {header: "1", opts: metric.HandlerOpts{ContextFunc: withValue, Patient: true}, request: 1, want: 950 * time.Millisecond, value: "a"},
		"ContextFunc panics":  {header: "1", opts: metric.HandlerOpts{ContextFunc: func(*http.Request) context.Context { panic("boom") }}, want: 900 * time.Millisecond, logged: 1},
		"ContextFunc, no use": {header: "1", opts: metric.HandlerOpts{ContextFunc: func(*http.Request) context.Context { return &panickyContext{} }}, want: 900 * time.Millisecond, logged: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := httptest.NewRequest(http.MethodGet, "/?target=a", http.NoBody)
				r.Header.Set(scrapeTimeout, tc.header)
				if tc.request > 0 {
					ctx, cancel := context.WithTimeout(r.Context(), tc.request)
					defer cancel()
					r = r.WithContext(ctx)
				}
				logged := 0
				tc.opts.ErrorLog = func(error) { logged++ }
				start := time.Now()
				ctx, cancel := metric.ScrapeContext(r, tc.opts)
				defer cancel()
				if deadline, ok := ctx.Deadline(); ok != (tc.want > 0) || ok && deadline.Sub(start) != tc.want {
					t.Errorf("the deadline is after %v, want %v", deadline.Sub(start), tc.want)
				}
				if got := ctx.Value(contextKey{}); got != tc.value {
					t.Errorf("got the value %v", got)
				}
				if logged != tc.logged {
					t.Errorf("logged %d times", logged)
				}
			})
		})
	}
	for _, patient := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			client, leave := context.WithCancel(t.Context())
			ctx, cancel := metric.ScrapeContext(httptest.NewRequestWithContext(client, http.MethodGet, "/", http.NoBody), metric.HandlerOpts{Patient: patient})
			defer cancel()
			leave()
			synctest.Wait()
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("patient %t: the client has left, and the error is %v", patient, ctx.Err())
			}
		})
	}
}

// TestPatientHandler checks that a deadline of the request's context does not end a scrape, but
// that a client that leaves does, even after that deadline.
func TestPatientHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		r := oneCounter()
		r.MustRegister(metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) {
			select {
			case <-ctx.Done():
				ended <- ctx.Err()
			case <-time.After(time.Minute):
				ended <- nil
			}
		}))
		h := metric.HandlerForContext(r, metric.HandlerOpts{Patient: true})
		connect := servePipes(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})})
		c := connect()
		defer c.Close()
		ask(t, c)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); string(body) != oneCounterText {
			t.Errorf("got status %s and\n%s", resp.Status, body)
		}
		if err := <-ended; err != nil {
			t.Errorf("the collector's context has ended: %v", err)
		}
		ask(t, c)
		time.Sleep(2 * time.Second)
		_ = c.Close()
		start := time.Now()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(start) > 0 {
			t.Errorf("the client has left, and after %v the collector got %v", time.Since(start), err)
		}
	})
}

// TestOwnDeadlineHasPassed checks that a handler that is not patient serves instruments even after
// the deadline of the request's context.
func TestOwnDeadlineHasPassed(t *testing.T) {
	r := oneCounter()
	r.MustRegister(untilDone())
	ctx, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	w := httptest.NewRecorder()
	metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}).
		ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), oneCounterText) {
		t.Errorf("got status %d and\n%s", w.Code, w.Body)
	}
}

// TestHandlerInTimeoutHandler checks that a scrape ends when http.TimeoutHandler has answered its
// client, although nothing tells the handler.
func TestHandlerInTimeoutHandler(t *testing.T) {
	for name, build := range map[string]func(r *metric.ContextRegistry) http.Handler{
		"promhttp": func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
		},
		"metric": func(r *metric.ContextRegistry) http.Handler { return metric.HandlerFor(r) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				r := metric.NewContextRegistry()
				r.MustRegister(plain{"stuck", func(chan<- metric.Metric) { <-release }})
				h := http.TimeoutHandler(build(r), 100*time.Millisecond, "")
				before := goroutines()
				for range 50 {
					request(h)
				}
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if n := goroutines() - before; n > 5 {
					t.Errorf("%d more goroutines after 50 requests that were answered long ago", n)
				}
				close(release)
			})
		})
	}
}
