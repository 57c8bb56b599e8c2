package metric_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// events is what hooks were told.
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

// hooks returns hooks that put spans into the context, which are the names of what they
// are in.
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

// TestHooks checks the order of the hooks and the contexts: enough to make spans.
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

// TestHooksThatPanic cost nothing but themselves.
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

// TestHooksMayReturnNil leave the context as it is.
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

// logLines parses what was logged.
func logLines(t *testing.T, log *bytes.Buffer) (lines []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(log); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestLogger checks that there is one line for a failure, and not one for each scrape.
func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := metric.NewContextRegistry(metric.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
		failing := metrictest.New("failing", metrictest.Failing(errTest))
		panicking := metrictest.New("panicking", metrictest.Panicking("boom"))
		for name, c := range map[string]*metrictest.Collector{"f": failing, "p": panicking, "good": metrictest.New("good", metrictest.Healthy())} {
			if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
				t.Fatal(err)
			}
		}
		scrapes := func(n int) []map[string]any {
			t.Helper()
			for range n {
				_, _ = r.GatherWithContext(t.Context())
			}
			lines := logLines(t, &log)
			log.Reset()
			slices.SortFunc(lines, func(a, b map[string]any) int {
				return strings.Compare(fmt.Sprint(a["collector"]), fmt.Sprint(b["collector"]))
			})
			return lines
		}
		lines := scrapes(100)
		if len(lines) != 2 {
			t.Fatalf("%d lines were logged: %v", len(lines), lines)
		}
		f, p := lines[0], lines[1]
		if f["collector"] != "f" || f["kind"] != "error" || !strings.Contains(fmt.Sprint(f["error"]), "no luck") || f["level"] != "ERROR" || f["suppressed"] != nil {
			t.Errorf("got %v", f)
		}
		if p["collector"] != "p" || p["kind"] != "panic" || !strings.Contains(fmt.Sprint(p["stack"]), "metrictest") {
			t.Errorf("got %v", p)
		}

		failing.Become(metrictest.Panicking("boom")) // Another kind is news.
		if lines = scrapes(10); len(lines) != 1 || lines[0]["kind"] != "panic" || lines[0]["collector"] != "f" {
			t.Errorf("got %v", lines)
		}
		time.Sleep(time.Minute)
		lines = scrapes(1)
		if len(lines) != 2 || lines[0]["suppressed"] != 9.0 || lines[1]["suppressed"] != 109.0 {
			t.Errorf("after a minute: %v", lines)
		}
		time.Sleep(time.Minute)
		failing.Become(metrictest.Healthy())
		panicking.Become(metrictest.Healthy())
		if lines = scrapes(10); len(lines) != 0 {
			t.Errorf("nothing is wrong, but logged was %v", lines)
		}
	})
}

// panickyHandler is a slog.Handler that panics.
type panickyHandler struct{ slog.Handler }

func (panickyHandler) Enabled(context.Context, slog.Level) bool { return true }

func (panickyHandler) Handle(context.Context, slog.Record) error { panic("boom") }

func TestLoggerThatPanics(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithLogger(slog.New(panickyHandler{})))
	r.MustRegister(metrictest.New("failing", metrictest.Failing(errTest)), metrictest.New("good", metrictest.Healthy()))
	families, err := r.Gather()
	wantFamilies(t, families, []string{"good"})
	if !errors.Is(err, errTest) {
		t.Errorf("got error %v", err)
	}
}

// TestLoggerOfFloods has a collector with very many bad samples: one line.
func TestLoggerOfFloods(t *testing.T) {
	var log bytes.Buffer
	r := metric.NewContextRegistry(metric.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
	r.MustRegister(plain{"a", func(ch chan<- metric.Metric) {
		for range 1000 {
			ch <- one("a")
		}
	}})
	_, _ = r.Gather()
	if lines := logLines(t, &log); len(lines) != 1 {
		t.Errorf("%d lines were logged", len(lines))
	}
}
