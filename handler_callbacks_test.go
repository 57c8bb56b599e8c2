package metric_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// badContexts are contexts that cannot be used, as hooks and ContextFunc may return them.
func badContexts() map[string]context.Context {
	return map[string]context.Context{
		"nil pointer":          (*panickyContext)(nil),
		"nil embedded context": &panickyContext{},
		"Value panics":         &pickyContext{context.Background()},
	}
}

// pickyContext assumes that every key is a string.
type pickyContext struct{ context.Context }

func (c *pickyContext) Value(key any) any { return key.(string) }

// TestContextsThatCannotBeUsed checks that contexts that cannot be used are logged, and that the
// scrape goes on with the context it had.
func TestContextsThatCannotBeUsed(t *testing.T) {
	for name, bad := range badContexts() {
		for where, set := range map[string]func(*metric.HandlerOpts, *metric.Hooks){
			"ContextFunc": func(o *metric.HandlerOpts, _ *metric.Hooks) {
				o.ContextFunc = func(*http.Request) context.Context { return bad }
			},
			"ScrapeStart": func(_ *metric.HandlerOpts, h *metric.Hooks) {
				h.ScrapeStart = func(context.Context) context.Context { return bad }
			},
			"CollectorStart": func(_ *metric.HandlerOpts, h *metric.Hooks) {
				h.CollectorStart = func(context.Context, string) context.Context { return bad }
			},
		} {
			t.Run(where+"/"+name, func(t *testing.T) {
				var (
					logged lockedBuffer
					seen   any
					hooks  metric.Hooks
				)
				logger := slog.New(slog.NewTextHandler(&logged, nil))
				opts := metric.HandlerOpts{ErrorLog: metric.LogErrors(logger)} // One failure would be a 500.
				set(&opts, &hooks)
				r := metric.NewContextRegistry(metric.WithHooks(hooks), metric.WithLogger(logger))
				r.MustRegister(metric.NewCollectorFunc(describing("a"), func(ctx context.Context, ch chan<- metric.Metric) {
					seen = ctx.Value(contextKey{})
					ch <- one("a")
				}))
				req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				req = req.WithContext(context.WithValue(req.Context(), contextKey{}, "value"))
				w := httptest.NewRecorder()
				metric.HandlerForContext(r, opts).ServeHTTP(w, req)
				if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "\na 1\n") || seen != "value" {
					t.Errorf("got status %d, value %v and\n%s", w.Code, seen, w.Body)
				}
				if text := logged.String(); strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, where) {
					t.Errorf("logged\n%s", text)
				}
			})
		}
	}
}

// blockingCallbacks has a function for each callback of a scrape that makes the callback call block.
var blockingCallbacks = map[string]func(block func(), opts *metric.HandlerOpts, hooks *metric.Hooks) []metric.RegistryOption{
	"ErrorLog": func(block func(), opts *metric.HandlerOpts, _ *metric.Hooks) []metric.RegistryOption {
		opts.ErrorLog = func(error) { block() }
		return nil
	},
	"handler of LogErrors": func(block func(), opts *metric.HandlerOpts, _ *metric.Hooks) []metric.RegistryOption {
		opts.ErrorLog = metric.LogErrors(slog.New(blockingHandler{block: block}))
		return nil
	},
	"handler of WithLogger": func(block func(), _ *metric.HandlerOpts, _ *metric.Hooks) []metric.RegistryOption {
		return []metric.RegistryOption{metric.WithLogger(slog.New(blockingHandler{block: block}))}
	},
	"ContextFunc": func(block func(), opts *metric.HandlerOpts, _ *metric.Hooks) []metric.RegistryOption {
		opts.ContextFunc = func(r *http.Request) context.Context { block(); return r.Context() }
		return nil
	},
	"ErrorText": func(block func(), opts *metric.HandlerOpts, _ *metric.Hooks) []metric.RegistryOption {
		opts.ErrorHandling = metric.HTTPErrorOnError
		opts.ErrorText = func(error) string { block(); return "" }
		return nil
	},
	"ScrapeStart": func(block func(), _ *metric.HandlerOpts, hooks *metric.Hooks) []metric.RegistryOption {
		hooks.ScrapeStart = func(ctx context.Context) context.Context { block(); return ctx }
		return nil
	},
	"ScrapeEnd": func(block func(), _ *metric.HandlerOpts, hooks *metric.Hooks) []metric.RegistryOption {
		hooks.ScrapeEnd = func(context.Context, metric.ScrapeEnd) { block() }
		return nil
	},
	"CollectorStart": func(block func(), _ *metric.HandlerOpts, hooks *metric.Hooks) []metric.RegistryOption {
		hooks.CollectorStart = func(ctx context.Context, name string) context.Context {
			if name == "culprit" {
				block()
			}
			return ctx
		}
		return nil
	},
	"CollectorEnd": func(block func(), _ *metric.HandlerOpts, hooks *metric.Hooks) []metric.RegistryOption {
		hooks.CollectorEnd = func(_ context.Context, name string, _ metric.CollectorEnd) {
			if name == "culprit" {
				block()
			}
		}
		return nil
	},
}

// TestFunctionsThatBlock checks, for each user function that a scrape calls, that the function cannot
// keep the scrape beyond its deadline by blocking, that no goroutines pile up behind it, and that it
// is called again when it has returned.
func TestFunctionsThatBlock(t *testing.T) {
	for name, set := range blockingCallbacks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					calls   atomic.Int32
					hooks   metric.Hooks
					release = make(chan struct{})
					opts    = metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}
				)
				options := set(func() { calls.Add(1); <-release }, &opts, &hooks)
				r := metric.NewContextRegistry(append(options, metric.WithHooks(hooks))...)
				r.MustRegister(counterNamed("native_total"))
				for i, name := range []string{"culprit", "slow"} { // One collector fails at once, the other one at the deadline.
					c := metric.NewCollectorFunc(describing(name), func(ctx context.Context, _ chan<- metric.Metric) {
						if i == 1 {
							<-ctx.Done()
						}
					})
					if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
						t.Fatal(err)
					}
				}
				h := metric.HandlerForContext(r, opts)
				scrape := func() {
					t.Helper()
					start := time.Now()
					w := request(h, scrapeTimeout, "1")
					if took := time.Since(start); took > 900*time.Millisecond+100*time.Millisecond {
						t.Fatalf("the scrape took %v", took)
					}
					if opts.ErrorHandling == metric.ContinueOnError && !strings.Contains(w.Body.String(), "native_total") {
						t.Fatalf("got status %d and\n%s", w.Code, w.Body)
					}
				}
				before := goroutines()
				for range 20 {
					scrape()
				}
				synctest.Wait()
				if n := goroutines() - before; n > 3 { // the goroutines of the call, of its run, and of the watch over the run
					t.Errorf("%d goroutines were left behind", n)
				}
				if n := calls.Load(); n != 1 {
					t.Errorf("it was called %d times while it blocked", n)
				}
				close(release)
				time.Sleep(time.Hour)
				scrape()
				if n := calls.Load(); n < 2 {
					t.Error("it was not called again")
				}
			})
		})
	}
}

// TestImpatientClientsLeaveContextFunc checks that a client whose timeout is shorter than the time that
// ContextFunc takes does not keep another client from getting its values.
func TestImpatientClientsLeaveContextFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen any
		r := metric.NewContextRegistry()
		r.MustRegister(metric.CollectorWithContextFunc(func(ctx context.Context, _ chan<- metric.Metric) { seen = ctx.Value(contextKey{}) }))
		h := metric.HandlerForContext(r, metric.HandlerOpts{
			ErrorHandling: metric.ContinueOnError,
			ContextFunc: func(r *http.Request) context.Context {
				time.Sleep(500 * time.Millisecond)
				return context.WithValue(r.Context(), contextKey{}, "value")
			},
		})
		for range 10 {
			seen = nil
			request(h, scrapeTimeout, "0.01")
			if w := request(h, scrapeTimeout, "10"); w.Code != http.StatusOK || seen != "value" {
				t.Fatalf("got status %d, value %v", w.Code, seen)
			}
		}
	})
}

// TestErrorLogIsToldOfSilence checks that the log mentions suppressed errors.
func TestErrorLogIsToldOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged []string
		release := make(chan struct{})
		r := metric.NewContextRegistry()
		r.MustRegister(plain{"bad", func(ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc("bad"), errors.New("no luck"))
		}})
		h := metric.HandlerForContext(r, metric.HandlerOpts{Timeout: time.Second, ErrorLog: func(err error) {
			<-release
			logged = append(logged, err.Error())
		}})
		for range 5 {
			request(h)
		}
		close(release)
		synctest.Wait()
		logged = nil
		request(h)
		if len(logged) != 1 || !strings.Contains(logged[0], "5 more error(s)") || !strings.Contains(logged[0], "no luck") {
			t.Errorf("logged %q", logged)
		}
	})
}

// TestHeaderThatIsNotValid checks that an invalid header is logged once a minute, not for each
// request.
func TestHeaderThatIsNotValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := 0
		h := metric.HandlerFor(oneCounter(), metric.HandlerOpts{ErrorLog: func(error) { logged++ }})
		for range 3 {
			for range 100 {
				request(h, scrapeTimeout, "soon")
			}
			time.Sleep(time.Minute)
		}
		if logged != 3 {
			t.Errorf("logged %d times in three minutes, want 3", logged)
		}
	})
}

// listContext is a context that cannot be compared.
type listContext struct {
	context.Context //nolint:containedctx // The struct is a context.

	list []string
}

// TestContextsThatCannotBeCompared serves a request whose context has a type that panics when
// compared.
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

// TestBlockedContextFunc checks that the answer can still be sent if the function has blocked until
// long after the deadline of the scrape.
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
