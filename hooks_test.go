package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// events records the calls of hooks.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

type spanKey struct{}

// hooks returns hooks that put spans into the context. A span is a string with the names of the
// spans around it.
func (e *events) hooks() metric.Hooks {
	span := func(ctx context.Context, name string) context.Context {
		if outer, ok := ctx.Value(spanKey{}).(string); ok {
			name = outer + "/" + name
		}
		return context.WithValue(ctx, spanKey{}, name)
	}
	return metric.Hooks{
		ScrapeStart: func(ctx context.Context) context.Context {
			e.add("start of scrape")
			return span(ctx, "scrape")
		},
		ScrapeEnd: func(ctx context.Context, end metric.ScrapeEnd) {
			e.add("end of %v after %v: %v", ctx.Value(spanKey{}), end.Duration, errors.Is(end.Err, errTest))
		},
		CollectorStart: func(ctx context.Context, name string) context.Context {
			e.add("start of %s in %v", name, ctx.Value(spanKey{}))
			return span(ctx, name)
		},
		CollectorEnd: func(ctx context.Context, name string, end metric.CollectorEnd) {
			e.add("end of %v after %v: %v", ctx.Value(spanKey{}), end.Duration, errors.Is(end.Err, errTest))
		},
	}
}

// TestHooks checks the order of the hooks and their contexts, which tracing relies on.
func TestHooks(t *testing.T) {
	for _, how := range []string{"Gather", "HTTP"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e events
				r := metric.NewContextRegistry(metric.WithHooks(e.hooks()), metric.WithConcurrency(1))
				for i, name := range []string{"good", "bad"} {
					behaviour := []metrictest.Behaviour{metrictest.Healthy(), metrictest.Failing(errTest)}[i]
					c := metrictest.New(name, func(ctx context.Context, run *metrictest.Run) error {
						e.add("%s runs in %v", name, ctx.Value(spanKey{}))
						time.Sleep(time.Second)
						return behaviour(ctx, run)
					})
					if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
						t.Fatal(err)
					}
				}
				if how == "Gather" {
					if _, err := r.GatherWithContext(t.Context()); !errors.Is(err, errTest) {
						t.Errorf("got error %v", err)
					}
				} else {
					h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
				}
				want := []string{
					"start of scrape",
					"start of good in scrape", "good runs in scrape/good", "end of scrape/good after 1s: false",
					"start of bad in scrape", "bad runs in scrape/bad", "end of scrape/bad after 1s: true",
					"end of scrape after 2s: true",
				}
				if !slices.Equal(e.list, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(e.list, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// TestHooksThatPanic checks that hooks that panic cost nothing else.
func TestHooksThatPanic(t *testing.T) {
	calls := 0
	boom := func() {
		calls++
		panic("boom")
	}
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"), metric.WithHooks(metric.Hooks{
		ScrapeStart:    func(context.Context) context.Context { boom(); return nil },
		ScrapeEnd:      func(context.Context, metric.ScrapeEnd) { boom() },
		CollectorStart: func(context.Context, string) context.Context { boom(); return nil },
		CollectorEnd:   func(context.Context, string, metric.CollectorEnd) { boom() },
	}))
	r.MustRegister(metrictest.New("good", metrictest.Healthy()))
	families, err := r.GatherWithContext(t.Context())
	series := seriesOfFamilies(families)
	if err != nil || series[`good{series="healthy"}`] != 1 || series[self("success", "good")] != 1 {
		t.Errorf("got %v and error %v", series, err)
	}
	if calls != 4 {
		t.Errorf("%d hooks were called, want 4", calls)
	}
}

// TestHooksMayReturnNil checks that a hook that returns nil leaves the context as it is.
func TestHooksMayReturnNil(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithHooks(metric.Hooks{
		ScrapeStart:    func(context.Context) context.Context { return nil },
		CollectorStart: func(context.Context, string) context.Context { return nil },
	}))
	var seen any
	r.MustRegister(metric.CollectorWithContextFunc(func(ctx context.Context, _ chan<- metric.Metric) { seen = ctx.Value(contextKey{}) }))
	if _, err := r.GatherWithContext(context.WithValue(t.Context(), contextKey{}, "value")); err != nil || seen != "value" {
		t.Errorf("the collector saw %v; error %v", seen, err)
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

// TestHooksThatGather checks that a hook that gathers from its own registry, and so calls itself,
// does not end the process.
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

// TestHooksKnowLateRuns checks that the end hook gets the error of a run that has outlived its
// scrape, even if the collector returns no error.
func TestHooksKnowLateRuns(t *testing.T) {
	for name, late := range map[string]metric.Collector{
		"stream": streamOf("late", func(context.Context, *metric.Sink) error { time.Sleep(time.Minute); return nil }),
		"plain":  plain{"late", func(chan<- metric.Metric) { time.Sleep(time.Minute) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ends []metric.CollectorEnd
				r := metric.NewContextRegistry(metric.WithHooks(metric.Hooks{
					CollectorEnd: func(_ context.Context, _ string, end metric.CollectorEnd) { ends = append(ends, end) },
				}))
				r.MustRegister(late)
				_, _ = scrapeOnce(t, r, time.Second)
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(ends) != 1 || ends[0].Duration != time.Minute ||
					!errors.Is(ends[0].Err, context.DeadlineExceeded) && !errors.Is(ends[0].Err, context.Canceled) {
					t.Errorf("got %+v", ends)
				}
				if _, err := r.Gather(); err != nil {
					t.Errorf("got error %v", err)
				}
				if len(ends) != 2 || ends[1].Err != nil {
					t.Errorf("got %+v", ends)
				}
			})
		})
	}
}
