package metric_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestDefaultTimeout checks when scrapes of a collector that hangs end for clients that announce no
// timeout.
func TestDefaultTimeout(t *testing.T) {
	capturingLog(t)
	const none = 24 * time.Hour // how long the collectors hang
	metricFor := func(opts ...metric.HandlerOpts) func(metric.Gatherer) http.Handler {
		return func(g metric.Gatherer) http.Handler { return metric.HandlerFor(g, opts...) }
	}
	for name, tc := range map[string]struct {
		handlerFor func(metric.Gatherer) http.Handler
		header     string
		request    time.Duration // deadline of its context
		server     time.Duration // its WriteTimeout
		want       time.Duration
	}{
		"HandlerFor":                      {handlerFor: metricFor(), want: 10 * time.Second},
		"HandlerFor, shorter header":      {handlerFor: metricFor(), header: "1", want: 900 * time.Millisecond},
		"HandlerFor, longer header":       {handlerFor: metricFor(), header: "60", want: 59500 * time.Millisecond},
		"HandlerFor, bad header":          {handlerFor: metricFor(), header: "soon", want: 10 * time.Second},
		"HandlerFor, shorter context":     {handlerFor: metricFor(), request: time.Second, want: 900 * time.Millisecond},
		"HandlerFor, longer context":      {handlerFor: metricFor(), request: time.Minute, want: time.Minute - 100*time.Millisecond},
		"HandlerFor, longer WriteTimeout": {handlerFor: metricFor(), server: time.Minute, want: 59500 * time.Millisecond},
		"HandlerFor, Timeout":             {handlerFor: metricFor(metric.HandlerOpts{Timeout: time.Minute}), want: time.Minute},
		"HandlerFor, options":             {handlerFor: metricFor(metric.HandlerOpts{}), want: none},
		"HandlerForContext": {want: none, handlerFor: func(g metric.Gatherer) http.Handler {
			return metric.HandlerForContext(g.(metric.GathererWithContext), metric.HandlerOpts{})
		}},
		"promhttp.HandlerFor": {want: none, handlerFor: func(g metric.Gatherer) http.Handler {
			return promhttp.HandlerFor(g, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
		}},
	} {
		for kind, hanging := range map[string]func() metric.Collector{
			"with context": func() metric.Collector {
				return metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) {
					select {
					case <-ctx.Done():
					case <-time.After(none):
					}
				})
			},
			"plain": func() metric.Collector {
				return plain{"slow", func(chan<- metric.Metric) { time.Sleep(none) }}
			},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					defer time.Sleep(none) // Wait until the collector has ended.
					reg := oneCounter()
					reg.MustRegister(hanging())
					r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
					if tc.header != "" {
						r.Header.Set(scrapeTimeout, tc.header)
					}
					if tc.request > 0 {
						ctx, cancel := context.WithTimeout(t.Context(), tc.request)
						defer cancel()
						r = r.WithContext(ctx)
					}
					if tc.server > 0 {
						r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{WriteTimeout: tc.server}))
					}
					w := seenRecorder{httptest.NewRecorder()}
					h := tc.handlerFor(reg)
					start := time.Now()
					h.ServeHTTP(w, r)
					took := time.Since(start)
					early := min(100*time.Millisecond, tc.want/10) // time by which an obedient collector ends before the scrape
					if kind == "plain" || tc.want == none {
						early = 0
					}
					if took != tc.want-early {
						t.Errorf("the scrape took %v, want %v", took, tc.want-early)
					}
					if w.Code != http.StatusOK || w.Body.String() != oneCounterText {
						t.Errorf("got status %d and\n%s", w.Code, w.Body)
					}
				})
			})
		}
	}
}

// TestDefaultTimeoutOfHandler is TestDefaultTimeout for the handlers of the default registry.
func TestDefaultTimeoutOfHandler(t *testing.T) {
	capturingLog(t)
	for name, tc := range map[string]struct {
		handler func() http.Handler
		want    time.Duration
	}{
		"metric":   {metric.Handler, 10 * time.Second},
		"promhttp": {promhttp.Handler, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registerer, gatherer := metric.DefaultRegisterer, metric.DefaultGatherer
				defer func() { metric.DefaultRegisterer, metric.DefaultGatherer = registerer, gatherer }()
				own := oneCounter()
				metric.DefaultRegisterer, metric.DefaultGatherer = own, own
				defer time.Sleep(time.Hour)
				own.MustRegister(plain{"slow", func(chan<- metric.Metric) { time.Sleep(time.Hour) }})
				h := tc.handler()
				start := time.Now()
				w := request(h)
				if took := time.Since(start); took != tc.want || w.Code != http.StatusOK || !strings.Contains(w.Body.String(), oneCounterText) {
					t.Errorf("after %v, got status %d and\n%s", took, w.Code, w.Body)
				}
			})
		})
	}
}

// TestZeroErrorHandling checks the meaning of the zero value: in package metric, the handler serves
// everything that was gathered, and in package promhttp, the value has client_golang's meaning.
func TestZeroErrorHandling(t *testing.T) {
	if metric.HandlerErrorHandling(0) != metric.ContinueOnError {
		t.Error("the zero value is not ContinueOnError")
	}
	if promhttp.HandlerErrorHandling(0) != promhttp.HTTPErrorOnError {
		t.Error("promhttp: the zero value is not HTTPErrorOnError")
	}
	const panics = -1
	for name, tc := range map[string]struct {
		handlerFor func(r *metric.ContextRegistry) http.Handler
		code       int
	}{
		"HandlerFor": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerFor(r)
		}, http.StatusOK},
		"HandlerFor, Timeout": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerFor(r, metric.HandlerOpts{Timeout: time.Hour})
		}, http.StatusOK},
		"HandlerForContext": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerForContext(r, metric.HandlerOpts{})
		}, http.StatusOK},
		"HandlerForTransactional": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerForTransactional(metric.ToTransactionalGatherer(r), metric.HandlerOpts{})
		}, http.StatusOK},
		"HTTPErrorOnError": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError})
		}, http.StatusInternalServerError},
		"PanicOnError": {func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.PanicOnError})
		}, panics},
		"promhttp": {func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
		}, http.StatusInternalServerError},
		"promhttp, Timeout": {func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{Timeout: time.Hour})
		}, http.StatusInternalServerError},
		"promhttp, HTTPErrorOnError": {func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
		}, http.StatusInternalServerError},
		"promhttp, ContinueOnError": {func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
		}, http.StatusOK},
		"promhttp, PanicOnError": {func(r *metric.ContextRegistry) http.Handler {
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.PanicOnError})
		}, panics},
	} {
		t.Run(name, func(t *testing.T) {
			capturingLog(t)
			var w *httptest.ResponseRecorder
			if p := recovered(func() { w = request(tc.handlerFor(brokenBeside("no luck"))) }); p != nil || tc.code == panics {
				if p == nil || tc.code != panics || !strings.Contains(fmt.Sprint(p), "no luck") {
					t.Errorf("it panicked with %v", p)
				}
				return
			}
			if w.Code != tc.code || (tc.code == http.StatusOK) != (w.Body.String() == oneCounterText) {
				t.Errorf("got status %d and\n%s", w.Code, w.Body)
			}
		})
	}
}

// TestDefaultErrorLog checks that a failure that the answer does not show is logged once.
func TestDefaultErrorLog(t *testing.T) {
	var own bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&own, nil))
	for name, tc := range map[string]struct {
		handler func() http.Handler
		want    int // lines of the default logger
	}{
		"without options": {func() http.Handler { return metric.HandlerFor(brokenBeside("no luck")) }, 1},
		"HandlerFor": {func() http.Handler {
			return metric.HandlerFor(brokenBeside("no luck"), metric.HandlerOpts{Timeout: time.Hour})
		}, 1},
		"HandlerForContext": {func() http.Handler { return metric.HandlerForContext(brokenBeside("no luck"), metric.HandlerOpts{}) }, 1},
		"ErrorLog": {func() http.Handler {
			return metric.HandlerForContext(brokenBeside("no luck"), metric.HandlerOpts{ErrorLog: func(error) {}})
		}, 0},
		"WithLogger": {func() http.Handler {
			return metric.HandlerForContext(brokenBeside("no luck", metric.WithLogger(logger)), metric.HandlerOpts{})
		}, 0},
		"HTTPErrorOnError": {func() http.Handler {
			return metric.HandlerForContext(brokenBeside("no luck"), metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError})
		}, 0},
		"promhttp": {func() http.Handler { return promhttp.HandlerFor(brokenBeside("no luck"), promhttp.HandlerOpts{}) }, 0},
		"promhttp, ContinueOnError": {func() http.Handler {
			return promhttp.HandlerFor(brokenBeside("no luck"), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			logged := capturingLog(t)
			own.Reset()
			h := tc.handler()
			request(h)
			request(h)
			text := logged.String()
			if strings.Count(text, "level=ERROR") != tc.want || strings.Count(text, "no luck") != tc.want {
				t.Errorf("logged\n%s", text)
			}
			if n := strings.Count(own.String(), "no luck"); (n == 1) != (name == "WithLogger") {
				t.Errorf("the logger of the registry has\n%s", own.String())
			}
		})
	}
}

// TestNilArguments checks that the panic for a nil argument names the argument and the allowed ones.
func TestNilArguments(t *testing.T) {
	var (
		registry *metric.ContextRegistry
		theirs   *prometheus.Registry
		function metric.GathererWithContextFunc
		plain    prometheus.GathererFunc
		none     metric.Gatherer
	)
	for name, g := range map[string]metric.Gatherer{
		"nil": none, "*metric.ContextRegistry": registry, "*prometheus.Registry": theirs,
		"metric.GathererWithContextFunc": function, "prometheus.GathererFunc": plain, "zero value": &metric.ContextRegistry{},
	} {
		t.Run(name, func(t *testing.T) {
			for what, f := range map[string]func(){
				"HandlerFor":          func() { metric.HandlerFor(g) },
				"HandlerFor, options": func() { metric.HandlerFor(g, metric.HandlerOpts{}) },
				"promhttp.HandlerFor": func() { promhttp.HandlerFor(g, promhttp.HandlerOpts{}) },
				"Transactional":       func() { metric.HandlerForTransactional(metric.ToTransactionalGatherer(g), metric.HandlerOpts{}) },
			} {
				err, ok := recovered(f).(error)
				if !ok || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "pass a registry") {
					t.Errorf("%s: it panicked with %v", what, err)
				}
			}
		})
	}
	err, ok := recovered(func() { metric.HandlerFor(oneCounter(), metric.HandlerOpts{}, metric.HandlerOpts{}) }).(error)
	if !ok || !strings.Contains(err.Error(), "one HandlerOpts, not 2") {
		t.Errorf("two options: it panicked with %v", err)
	}
}
