package exporter

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestBeforeLoad checks the methods that may be called before Load.
func TestBeforeLoad(t *testing.T) {
	e, err := parsed(Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, e.Serve(t.Context()), "not been loaded")
	wantError(t, e.Reload(t.Context()), "not been loaded")
	func() {
		defer func() {
			if text, _ := recover().(string); !strings.Contains(text, "before Load") {
				t.Errorf("Handler panics with %q", text)
			}
		}()
		e.Handler()
	}()
	for range 2 {
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wantError(t, e.Load(t.Context()), "closed")
}

// TestLoadAgain checks that a program can call Load again after a failure.
func TestLoadAgain(t *testing.T) {
	failure := errors.New("no such thing")
	e, err := parsed(Config{Collectors: []Collector{gauge("a", "m_a", 1)}, Configure: func(context.Context, *Setup) error { return failure }})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, e.Load(t.Context()), "no such thing")
	failure = nil
	if err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, body := scrape(t, e, "/metrics")
	wantLines(t, body, []string{"m_a 1", "process_", "go_"}, nil)
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCloseAnyway checks that Close closes the collectors even if its context has ended or a load hangs in
// the program's code.
func TestCloseAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &closing{Collector: collectorOf("m", func() float64 { return 1 })}
		hang := make(chan struct{})
		hangs := false
		e, err := parsed(Config{
			Collectors: []Collector{{Name: "c", New: func(context.Context, *slog.Logger) (metric.Collector, error) { return c, nil }}},
			Configure: func(context.Context, *Setup) error {
				if hangs {
					<-hang
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		hangs = true
		reloaded := make(chan error)
		go func() { reloaded <- e.Reload(context.Background()) }()
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_ = e.Close(ended)
		synctest.Wait()
		if c.closed.Load() != 1 {
			t.Errorf("the collector is closed %d times", c.closed.Load())
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
		close(hang)
		wantError(t, <-reloaded, "closed")
		if status, _ := scrape(t, e, "/metrics"); status != http.StatusServiceUnavailable || c.closed.Load() != 1 {
			t.Errorf("status %d, closed %d times", status, c.closed.Load())
		}
	})
}

// TestCloseThatHangs checks that collectors whose Close hangs do not keep later configurations from closing
// the collectors that they no longer need.
func TestCloseThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var generation, closed atomic.Int32
		hang := make(chan struct{})
		defer close(hang)
		e := loaded(t, Config{Configure: func(_ context.Context, s *Setup) error {
			n := generation.Add(1)
			s.Add(Collector{Name: "c", Settings: n, New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return struct {
					metric.StreamCollector
					closeFunc
				}{collectorOf("m", func() float64 { return 1 }).(metric.StreamCollector), func() error {
					if n%2 == 1 {
						<-hang
					}
					closed.Add(1)
					return nil
				}}, nil
			}})
			return nil
		}})
		const n = 20
		for range n {
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(retireTime + 2*hangTime)
		synctest.Wait()
		if closed.Load() != n/2 {
			t.Errorf("%d collectors are closed, want %d", closed.Load(), n/2)
		}
	})
}

type closeFunc func() error

func (f closeFunc) Close() error { return f() }

// TestSharedIsNotKept checks that a reload closes a shared resource that the new configuration does not
// request, even if it keeps a collector from the time of that resource.
func TestSharedIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pools := map[string]*closing{}
		names := []string{"a", "b"}
		e := loaded(t, Config{Configure: func(_ context.Context, s *Setup) error {
			for _, name := range names {
				if _, err := Share(s, name, 1, func() (*closing, error) {
					pools[name] = new(closing)
					return pools[name], nil
				}); err != nil {
					return err
				}
				c := gauge(name, "m_"+name, 1)
				c.Settings = name
				s.Add(c)
			}
			return nil
		}})
		names = []string{"a"}
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a, b := pools["a"].closed.Load(), pools["b"].closed.Load(); a != 0 || b != 1 {
			t.Errorf("the pool that stays is closed %d times, the other one %d times", a, b)
		}
	})
}

// TestGoexit checks that a function of the program that calls runtime.Goexit affects nothing else.
func TestGoexit(t *testing.T) {
	exits := gauge("exits", "m", 1)
	exits.New = func(context.Context, *slog.Logger) (metric.Collector, error) { runtime.Goexit(); return nil, nil }
	for name, config := range map[string]Config{
		"New":       {Collectors: []Collector{exits}},
		"Configure": {Configure: func(context.Context, *Setup) error { runtime.Goexit(); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := parsed(config)
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, e.Load(t.Context()), "goroutine")
		})
	}
}

// TestReloadDoesNotWaitAgain checks that reloads do not wait for a collector that hangs in New.
func TestReloadDoesNotWaitAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		slow := gauge("slow", "m_slow", 1)
		slow.New = func(context.Context, *slog.Logger) (metric.Collector, error) { <-hang; return nil, errors.New("late") }
		e := loaded(t, Config{Collectors: []Collector{slow}})
		started := time.Now()
		if err := e.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("the reload took %v", took)
		}
		close(hang)
	})
}

// TestReloadOfInvalidWebConfig checks that a reload fails if the web configuration file is invalid.
func TestReloadOfInvalidWebConfig(t *testing.T) {
	file := write(t, "")
	e := loaded(t, Config{}, "--web.config.file="+file)
	writeFile(t, file, "nonsense: 1\n")
	w := get(e.Handler(), "POST", "/-/reload")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "nonsense") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	_, body := scrape(t, e, "/metrics")
	wantLines(t, body, []string{"test_config_last_reload_successful 0"}, nil)
}

// TestInvalidScrapeTimeout checks that --web.timeout applies to a request with an invalid timeout header.
func TestInvalidScrapeTimeout(t *testing.T) {
	for _, announced := range []string{"", "abc", "0", "-1", "NaN", "Inf", "1e400", "0.5"} {
		t.Run(announced, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := waiting("c", "m", nil, func(ctx context.Context) { <-ctx.Done() })
				e := loaded(t, Config{Collectors: []Collector{c}}, "--web.timeout=1s")
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody)
				r.Header.Set(scrapeTimeoutHeader, announced)
				started := time.Now()
				e.Handler().ServeHTTP(httptest.NewRecorder(), r)
				if took := time.Since(started); took > time.Second {
					t.Errorf("the scrape took %v", took)
				}
			})
		})
	}
}

// TestCheckHasAllErrors checks that a single call of Check reports all mistakes.
func TestCheckHasAllErrors(t *testing.T) {
	web, file := write(t, "nonsense: 1"), write(t, "collectors:\n  x: {}\n  a: {group: g}\n")
	config := Config{Name: "test_exporter", Collectors: []Collector{gauge("a", "m", 1)}}
	err := Run(t.Context(), config, []string{
		"--config.check", "--web.config.file=" + web, "--config.file=" + file, "--web.max-requests=-1",
		"--web.timeout=-1s", "--collector.policy=y:timeout=1s",
	})
	wantError(t, err, "nonsense", "--web.max-requests", "--web.timeout", "\n"+file+":2: collectors.x:",
		"\n"+file+":3: collectors.a: group", "\n--collector.policy: \"y\":")
}

// TestNoSecretsInLog checks that credentials in the errors of collectors are not logged.
func TestNoSecretsInLog(t *testing.T) {
	const dsn = "postgres://me:hunter2@db/x"
	down := gauge("down", "m", 1)
	down.New = func(context.Context, *slog.Logger) (metric.Collector, error) {
		return nil, errors.New("cannot connect to " + dsn)
	}
	var log logBuffer
	var fails atomic.Bool
	e := loaded(t, Config{Logger: log.logger(), Collectors: []Collector{down}, Configure: func(context.Context, *Setup) error {
		if fails.Load() {
			return errors.New("invalid: " + dsn)
		}
		return nil
	}})
	fails.Store(true)
	if e.Reload(t.Context()) == nil {
		t.Error("no error")
	}
	scrape(t, e, "/metrics")
	if text := log.String(); strings.Contains(text, "hunter2") || strings.Count(text, "me:xxxxx@db") < 3 {
		t.Errorf("got\n%s", text)
	}
}

// TestCloseDuringReloads closes an exporter during scrapes and reloads.
func TestCloseDuringReloads(t *testing.T) {
	var made, closed atomic.Int32
	e, err := parsed(Config{Configure: func(_ context.Context, s *Setup) error {
		s.Add(Collector{Name: "c", Settings: made.Load(), New: func(context.Context, *slog.Logger) (metric.Collector, error) {
			made.Add(1)
			return struct {
				metric.StreamCollector
				closeFunc
			}{collectorOf("m", func() float64 { return 1 }).(metric.StreamCollector), func() error { closed.Add(1); return nil }}, nil
		}})
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for e.Reload(t.Context()) == nil {
				scrape(t, e, "/metrics")
			}
		})
		running.Go(func() {
			for made.Load() < 20 {
				time.Sleep(time.Millisecond)
			}
			if err := e.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for deadline := time.Now().Add(wait); closed.Load() < made.Load() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if closed.Load() != made.Load() {
		t.Errorf("%d were made, %d closed", made.Load(), closed.Load())
	}
}

// describing is a collector whose Describe calls a test's function.
type describing struct {
	metric.Collector
	describe func()
}

func (d describing) Describe(ch chan<- *metric.Desc) {
	d.describe()
	d.Collector.Describe(ch)
}

// TestDescribe checks that the exporter refuses a configuration if a Describe method panics. If one hangs,
// only the load of that configuration fails; scrapes and Close do not wait for it.
func TestDescribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var describe atomic.Pointer[func()]
		end := make(chan struct{})
		defer close(end)
		plain := collectorOf("m_d", func() float64 { return 1 })
		e := loaded(t, Config{Collectors: []Collector{gauge("good", "m_good", 1)}, Configure: func(_ context.Context, s *Setup) error {
			if f := describe.Load(); f != nil {
				s.Add(Collector{Name: "d", New: func(context.Context, *slog.Logger) (metric.Collector, error) {
					return describing{plain, *f}, nil
				}})
			}
			return nil
		}})
		f := func() { panic("boom") }
		describe.Store(&f)
		if err := e.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "collector d: invalid configuration: Describe panicked: boom") {
			t.Errorf("got error %v", err)
		}
		f2 := func() { <-end }
		describe.Store(&f2)
		go func() { _ = e.Reload(t.Context()) }()
		time.Sleep(time.Second)
		_, body := scrape(t, e, "/metrics")
		wantLines(t, body, []string{"m_good 1"}, nil)
		start := time.Now()
		if err := e.Close(t.Context()); err != nil || time.Since(start) > 0 {
			t.Errorf("Close took %v, error %v", time.Since(start), err)
		}
	})
}
