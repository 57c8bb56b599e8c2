package exporter

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

func TestReloader(t *testing.T) {
	var log logBuffer
	var load func() error
	r := newReloader("test", log.logger(), func(context.Context) error { return load() })
	now := time.Unix(1700000000, 250e6)
	r.now = func() time.Time { return now }
	registry := metric.NewContextRegistry()
	registry.MustRegister(r.collectors()...)
	h := metric.HandlerForContext(registry, metric.HandlerOpts{})
	expect := func(successful, timestamp string) {
		t.Helper()
		body := get(h, "GET", "/metrics").Body.String()
		for _, line := range []string{
			"\ntest_config_last_reload_successful " + successful + "\n",
			"\ntest_config_last_reload_success_timestamp_seconds " + timestamp + "\n",
		} {
			if !strings.Contains(body, line) {
				t.Errorf("no %q in\n%s", line, body)
			}
		}
	}
	expect("0", "0")
	load = func() error { return nil }
	if err := r.reload(t.Context()); err != nil {
		t.Error(err)
	}
	expect("1", "1.70000000025e+09")
	now = now.Add(time.Hour)
	load = func() error { return errors.New("line 3: no such key") }
	wantError(t, r.reload(t.Context()), "line 3: no such key")
	expect("0", "1.70000000025e+09")
	load = func() error { panic("oops") }
	wantError(t, r.reload(t.Context()), "panicked", "oops")
	load = func() error { return nil }
	if err := r.reload(t.Context()); err != nil { // A panic must release the turn.
		t.Error(err)
	}
	expect("1", "1.70000360025e+09")
	for _, want := range []string{"line 3: no such key", "stack=", "Loaded"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, log.String())
		}
	}
}

// TestReloaderSerializes checks that at most one reload runs at a time, and that a reload that waits for its
// turn ends with its context.
func TestReloaderSerializes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loading, loads := 0, 0
		r := newReloader("test", new(logBuffer).logger(), func(context.Context) error {
			if loading++; loading > 1 {
				t.Error("two loads at once")
			}
			time.Sleep(time.Minute)
			loading--
			loads++
			return nil
		})
		done := make(chan error)
		for range 3 {
			go func() { done <- r.reload(t.Context()) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that cannot wait: %v", err)
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if loads != 3 {
			t.Errorf("%d loads", loads)
		}
	})
}

// TestHangupsCoalesce checks that a burst of signals during a reload causes one more reload.
func TestHangupsCoalesce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := testParts(t)
		loads := 0
		parts.reload = func(context.Context) error {
			loads++
			time.Sleep(time.Minute)
			return errors.New("broken")
		}
		s := newTestServer(t, parts)
		ctx, cancel := context.WithCancel(t.Context())
		hangups := make(chan os.Signal, 1)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.reloadOn(ctx, hangups)
		}()
		send := func() { // as os/signal does
			select {
			case hangups <- os.Interrupt:
			default:
			}
		}
		for range 10 {
			send()
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if loads != 2 {
			t.Errorf("%d reloads of 10 signals at once, want 2", loads)
		}
		send()
		synctest.Wait()
		if loads != 3 {
			t.Errorf("%d reloads after another signal, want 3", loads)
		}
		cancel()
		<-ended
	})
}

func TestServeReload(t *testing.T) {
	parts := testParts(t)
	var loadErr error
	loads := 0
	parts.reload = func(context.Context) error { loads++; return loadErr }
	s := newTestServer(t, parts)
	post := func(site string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodPost, "/-/reload", http.NoBody)
		if site != "" {
			req.Header.Set("Sec-Fetch-Site", site)
		}
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, req)
		return rec
	}
	if rec := post(""); rec.Code != 200 || loads != 1 {
		t.Errorf("%d, %d loads", rec.Code, loads)
	}
	if rec := post("same-origin"); rec.Code != 200 || loads != 2 {
		t.Errorf("%d, %d loads", rec.Code, loads)
	}
	if rec := post("cross-site"); rec.Code != 403 || loads != 2 {
		t.Errorf("a page of another site: %d, %d loads", rec.Code, loads)
	}
	loadErr = errors.New("config.yml:3: dsn postgres://me:hunter2@db is not valid")
	if rec := post(""); rec.Code != 500 || !strings.Contains(rec.Body.String(), "config.yml:3") ||
		strings.Contains(rec.Body.String(), "hunter2") {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	if rec := get(s.handler, "GET", "/-/reload"); rec.Code != 405 || rec.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", rec.Code, rec.Header())
	}
}
