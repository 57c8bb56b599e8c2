package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/dashboard"
)

func getWithin(ctx context.Context, h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody))
	return w
}

func TestStreamBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{Title: "shop"})
		s := open(t, d, "/api/stream?view=collectors&plot="+url.QueryEscape(`{"family":"x"}`))
		time.Sleep(3 * second)
		var names, ids []string
		for _, e := range s.events() {
			names, ids = append(names, e.name), append(ids, e.id)
		}
		if got := strings.Join(names, " "); !strings.HasPrefix(got, "hello ") || !strings.Contains(got, "tick collectors plot") {
			t.Errorf("the stream has %s", got)
		}
		if got := strings.Join(ids[:3], " "); got != "1 2 3" {
			t.Errorf("the IDs are %s", got)
		}
		if h := read[struct{ Program string }](t, s.events("hello")[0].data); h.Program != "shop" {
			t.Errorf("the program is %q", h.Program)
		}
		if !strings.HasPrefix(s.sent(), "retry: 2000\n\n") {
			t.Errorf("no retry in %.50q", s.sent())
		}
		for name, want := range map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no", "Cache-Control": "no-store"} {
			if got := s.header.Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
	})
}

// plot has the fields of an api.Plot that the tests read.
type plot struct {
	ID    int
	First bool
	T     []int64
	Lines []struct{ Key string }
	Error string
}

func TestPlotsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registryOf(t, map[string]*probe{"x": newProbe("x")})
		d := newDashboard(t, r, dashboard.Opts{})
		s := open(t, d, "/api/stream?view=metrics&plot="+url.QueryEscape(`{"family":"x","each":true}`)+"&plot="+url.QueryEscape(`{"family":"x"}`))
		time.Sleep(9 * second)
		var at [2]int64
		for i, e := range s.events("plot") {
			p := read[plot](t, e.data)
			if p.ID != i%2 || p.First != (i < 2) || len(p.T) != 1 || p.T[0] <= at[p.ID] || p.Error != "" {
				t.Errorf("plot event %d is %+v after %v", i, p, at)
			}
			at[p.ID] = p.T[0]
		}
		if n := len(s.events("plot")); n != 10 {
			t.Errorf("there are %d events for 2 plots and 5 samples", n)
		}
	})
}

func TestSlowViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbe("x")
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": p}), dashboard.Opts{})
		slow, fast := open(t, d, "/api/stream"), open(t, d, "/api/stream")
		synctest.Wait()
		slow.block()
		time.Sleep(20*second + second/2)
		if n := len(fast.events("tick")); n < 11 {
			t.Errorf("another viewer has got %d ticks in 20 s, not 11", n)
		}
		if n := p.runs.Load(); n != 11 {
			t.Errorf("%d samples, not 11", n)
		}
		before := len(slow.events("tick"))
		slow.release()
		synctest.Wait()
		if n := len(slow.events("tick")) - before; n != 2 {
			t.Errorf("the slow viewer has got %d ticks, not the one that blocked and the latest", n)
		}
		if a, b := last[tick](t, slow, "tick"), last[tick](t, fast, "tick"); a != b {
			t.Errorf("the slow viewer has %+v, the other one %+v", a, b)
		}
	})
}

// TestHeartbeat checks that a stream sends a comment every 15 seconds if there are no events.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{Interval: time.Minute})
		s := open(t, d, "/api/stream")
		time.Sleep(46 * second)
		if n := strings.Count(s.sent(), ":\n\n"); n != 3 {
			t.Errorf("%d heartbeats in 46 s, not 3", n)
		}
	})
}

func TestStreamRefusals(t *testing.T) {
	nine := strings.Repeat("&plot="+url.QueryEscape(`{"family":"x"}`), 9)
	for _, test := range []struct{ name, query, want string }{
		{"too many", nine, "at most 8"},
		{"no JSON", "&plot=x", "must be a JSON object"},
		{"other JSON", "&plot=" + url.QueryEscape(`{"familie":"x"}`), "familie"},
		{"no family", "&plot={}", "no family"},
		{"too long", "&plot=" + url.QueryEscape(`{"family":"`+strings.Repeat("x", 5000)+`"}`), "at most 4096"},
		{"two", "&plot=" + url.QueryEscape(`{"family":"x"} {}`), "follows"},
		{"back", "&plot=" + url.QueryEscape(`{"family":"x","seconds":-1}`), "seconds"},
		{"both", "&plot=" + url.QueryEscape(`{"family":"x","each":true,"by":["a"]}`), "only one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
			w := get(d, "/api/stream?view=metrics"+test.query)
			answer := read[struct{ Error string }](t, w.Body.String())
			if w.Code != http.StatusBadRequest || !strings.Contains(answer.Error, test.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestTooManyStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
		var first *stream
		for range 64 {
			first = open(t, d, "/api/stream")
		}
		synctest.Wait()
		w := get(d, "/api/stream")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("stream 65: %d %v", w.Code, w.Header())
		}
		first.close()
		s := open(t, d, "/api/stream")
		synctest.Wait()
		if len(s.events("hello")) != 1 {
			t.Error("there is no room for another stream, although one has ended")
		}
	})
}

// opaque hides the Flush method of a ResponseWriter.
type opaque struct{ http.ResponseWriter }

// TestNoFlush checks the error answer if the response writer cannot flush.
func TestNoFlush(t *testing.T) {
	d := newDashboard(t, registryOf(t, nil), dashboard.Opts{})
	w := httptest.NewRecorder()
	d.ServeHTTP(opaque{w}, httptest.NewRequest(http.MethodGet, "/api/stream", http.NoBody))
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "Unwrap") || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// transparent is a ResponseWriter of a middleware with an Unwrap method, as http.ResponseController expects.
type transparent struct{ http.ResponseWriter }

func (t transparent) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// TestServerTimeouts checks streams of a server with a middleware and with timeouts that are shorter than a
// stream.
func TestServerTimeouts(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{Interval: 400 * time.Millisecond})
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				d.ServeHTTP(transparent{w}, r)
			}))
			server.Config.WriteTimeout = time.Second
			server.Config.ReadTimeout = time.Second
			server.EnableHTTP2 = http2
			server.StartTLS()
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/stream", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			began := time.Now()
			text := ""
			for buffer := make([]byte, 4096); time.Since(began) < 3*time.Second; {
				n, err := answer.Body.Read(buffer)
				if text += string(buffer[:n]); err != nil {
					t.Fatalf("after %v: %v", time.Since(began), err)
				}
			}
			if n := len(eventsIn(text, "tick")); n < 4 {
				t.Errorf("there are %d ticks in 3 s", n)
			}
		})
	}
}

// TestShutdown shuts a server down while a page is open.
func TestShutdown(t *testing.T) {
	d := newDashboard(t, registryOf(t, map[string]*probe{"x": newProbe("x")}), dashboard.Opts{})
	server := httptest.NewServer(d)
	defer server.Close()
	server.Config.RegisterOnShutdown(func() { _ = d.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Errorf("an open page holds up the server: %v", err)
	}
}
