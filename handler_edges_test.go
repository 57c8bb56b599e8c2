package metric_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestHandlerInTimeoutHandler checks that a scrape ends whose client has been answered by
// http.TimeoutHandler, although nothing tells the handler so.
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

// TestHookContextOfItsOwn checks that a scrape keeps its deadline, whatever context its hook
// returns.
func TestHookContextOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Value
		r := metric.NewContextRegistry(metric.WithHooks(metric.Hooks{
			ScrapeStart: func(context.Context) context.Context {
				return context.WithValue(context.Background(), contextKey{}, "of the hook")
			},
		}))
		r.MustRegister(metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) {
			value.Store(ctx.Value(contextKey{}))
			<-ctx.Done()
		}))
		start := time.Now()
		_, _ = scrapeFor(t, r, time.Second)
		if took := time.Since(start); took > time.Second {
			t.Errorf("the scrape took %v", took)
		}
		if value.Load() != "of the hook" {
			t.Errorf("the collector has got %v", value.Load())
		}
	})
}

// TestHooksThatGather checks that a hook which gathers from its own registry, and so calls
// itself, does not end the process.
func TestHooksThatGather(t *testing.T) {
	var r *metric.ContextRegistry
	gather := func() { _, _ = r.Gather() }
	for name, hooks := range map[string]metric.Hooks{
		"start": {ScrapeStart: func(ctx context.Context) context.Context { gather(); return ctx }},
		"end":   {ScrapeEnd: func(context.Context, metric.ScrapeEnd) { gather() }},
	} {
		t.Run(name, func(t *testing.T) {
			r = metric.NewContextRegistry(metric.WithHooks(hooks))
			r.MustRegister(counterNamed("a_total"))
			families, err := r.Gather()
			if err != nil || len(families) != 1 {
				t.Errorf("got %d families and error %v", len(families), err)
			}
		})
	}
}

// listContext is a context that cannot be compared.
type listContext struct {
	context.Context //nolint:containedctx // It is one.

	list []string
}

func TestContextsThatCannotBeCompared(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r = r.WithContext(listContext{r.Context(), nil})
	for name, h := range map[string]http.Handler{
		"promhttp": promhttp.HandlerFor(oneCounter(), promhttp.HandlerOpts{}),
		"metric":   metric.HandlerForContext(oneCounter(), metric.HandlerOpts{}),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: got status %d", name, w.Code)
		}
	}
}

// TestBlockedContextFunc checks that the answer can still be sent when the function has blocked
// until long after the scrape's deadline.
func TestBlockedContextFunc(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(metric.HandlerForContext(oneCounter(), metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError,
		Timeout:       700 * time.Millisecond,
		SendTimeout:   500 * time.Millisecond,
		ContextFunc:   func(r *http.Request) context.Context { <-release; return r.Context() },
	}))
	defer server.Close()
	defer close(release)
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != oneCounterText {
		t.Errorf("got error %v and %q", err, body)
	}
}

// exemplary writes a counter with an exemplar.
type exemplary struct{ labels []*metric.LabelPair }

func (exemplary) Desc() *metric.Desc { return desc("theirs_total") }
func (e exemplary) Write(out *metric.MetricData) error {
	out.Counter = &dto.Counter{Value: new(1.0), Exemplar: &dto.Exemplar{Label: e.labels, Value: new(1.0)}}
	return nil
}

// TestExemplarsAreNotWorthTheSample has exemplars that cannot be written, from our own
// instruments and others.
func TestExemplarsAreNotWorthTheSample(t *testing.T) {
	pair := func(name, value string) *metric.LabelPair { return &metric.LabelPair{Name: &name, Value: &value} }
	for name, labels := range map[string][]*metric.LabelPair{
		"NUL":        {pair("trace", "a\x00b")},
		"not UTF-8":  {pair("trace", "\xff")},
		"twice":      {pair("trace", "a"), pair("trace", "b")},
		"empty name": {pair("", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			r.MustRegister(plain{"theirs_total", func(ch chan<- metric.Metric) { ch <- exemplary{labels} }})
			ours := metric.NewCounter(metric.CounterOpts{Name: "ours_total", Help: "h"})
			r.MustRegister(ours)
			if name == "NUL" {
				ours.(prometheus.ExemplarAdder).AddWithExemplar(1, metric.Labels{"trace": "a\x00b"})
			} else {
				ours.Inc()
			}
			for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
				w := request(metric.HandlerForContext(r, metric.HandlerOpts{EnableOpenMetrics: true}), "Accept", accept)
				body := w.Body.String()
				if w.Code != http.StatusOK || !strings.Contains(body, "\ntheirs_total 1") || !strings.Contains(body, "\nours_total 1") {
					t.Errorf("%s: got status %d and\n%s", accept, w.Code, body)
				}
				if strings.ContainsRune(body, 0) || strings.Contains(body, "# {") {
					t.Errorf("%s: there is an exemplar in\n%q", accept, body)
				}
			}
		})
	}
}
