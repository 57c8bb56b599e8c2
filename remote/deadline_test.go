package remote_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// TestTimeoutHeader checks the timeout that is sent to the other process.
func TestTimeoutHeader(t *testing.T) {
	var header atomic.Value
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"))
		writeText(w, "a 1\n")
	}))
	for _, test := range []struct {
		name     string
		deadline time.Duration // 0 means none
		opts     remote.Opts
		most     float64 // in seconds; the header may be up to two seconds less
	}{
		{"default margin", 10 * time.Second, remote.Opts{}, 9.75},
		{"small default margin", 3 * time.Second, remote.Opts{}, 2.85},
		{"margin", 10 * time.Second, remote.Opts{Margin: 4 * time.Second}, 6},
		{"no margin", 10 * time.Second, remote.Opts{Margin: -1}, 10},
		{"large margin", 10 * time.Second, remote.Opts{Margin: time.Minute}, 5},
		{"no deadline", 0, remote.Opts{}, 9.75},
		{"timeout", 0, remote.Opts{Timeout: 20 * time.Second}, 19.75},
		{"timeout with a deadline", 10 * time.Second, remote.Opts{Timeout: 20 * time.Second}, 9.75},
		{"earlier timeout", 10 * time.Second, remote.Opts{Timeout: 5 * time.Second}, 9.75},
		{"client", 10 * time.Second, remote.Opts{Client: &http.Client{Timeout: 4 * time.Second}}, 3.8},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := context.Background()
			if test.deadline > 0 {
				ctx = within(t, test.deadline)
			}
			if _, err := newTarget(t, server.URL, test.opts).GatherWithContext(ctx); err != nil {
				t.Fatal(err)
			}
			got, err := strconv.ParseFloat(header.Load().(string), 64)
			if err != nil || got > test.most || got < test.most-2 {
				t.Errorf("got %v, want %g", header.Load(), test.most)
			}
		})
	}
}

// TestTimeoutHeaderOfScrape checks that a target sends the other process the time until the end of the
// scrape, even if a policy lets the request continue after that.
func TestTimeoutHeaderOfScrape(t *testing.T) {
	var header atomic.Value
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"))
		writeText(w, "a 1\n")
	}))
	for name, policy := range map[string]metric.CollectorOption{
		"none": metric.WithPriority(metric.PriorityCritical), "cache": metric.WithCache(time.Hour), "stale": metric.WithStale(time.Hour),
		"timeout": metric.WithTimeout(time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			registry := metric.NewContextRegistry()
			registry.MustRegisterWith(newTarget(t, server.URL, remote.Opts{Timeout: time.Minute}), policy)
			if _, err := registry.GatherWithContext(within(t, 10*time.Second)); err != nil {
				t.Fatal(err)
			}
			if got, err := strconv.ParseFloat(header.Load().(string), 64); err != nil || got > 9.75 || got < 7.75 {
				t.Errorf("got %v seconds, want a little less than 10", header.Load())
			}
		})
	}
}

// TestCancel checks that canceling a gather cancels its request.
func TestCancel(t *testing.T) {
	began, ended := make(chan struct{}, 10), make(chan struct{}, 10)
	server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	}))
	target := newTarget(t, server.URL, remote.Opts{})
	group := remote.NewGroup(remote.GroupOpts{Targets: []remote.GroupTarget{{URL: server.URL}}})
	for name, g := range map[string]metric.GathererWithContext{"target": target, "group": group} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-began
				cancel()
			}()
			_, err := g.GatherWithContext(ctx)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			wantError(t, err, server.Listener.Addr().String())
			<-ended
		})
	}
	t.Run("deadline", func(t *testing.T) {
		_, err := target.GatherWithContext(within(t, 200*time.Millisecond))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-ended
	})
	t.Run("before the request", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := target.GatherWithContext(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// page returns a registry with a gauge of the given name, and a server for it.
func page(t *testing.T, name string) (*metric.ContextRegistry, *httptest.Server) {
	t.Helper()
	reg := metric.NewContextRegistry()
	g := metric.NewGauge(metric.GaugeOpts{Name: name})
	g.Set(1)
	reg.MustRegister(g)
	return reg, serve(t, metric.HandlerForContext(reg, metric.HandlerOpts{ErrorLog: func(error) {}}))
}

// discard is an ErrorLog that discards its messages.
type discard struct{}

func (discard) Println(...any) {}

// TestTree checks a chain of three processes. The last one hangs. The first one must respond before the
// deadline of the scrape, with all metrics except those of the last one.
func TestTree(t *testing.T) {
	given := make(chan string, 1)
	ended := make(chan struct{})
	leaf := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		given <- r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds")
		<-r.Context().Done()
		close(ended)
	}))
	healthy := serveText(t, "healthy 1\n")
	middle, middleServer := page(t, "middle")
	middle.MustRegister(newTarget(t, leaf.URL, remote.Opts{}), newTarget(t, healthy.URL, remote.Opts{}))
	root, rootServer := page(t, "root")
	root.MustRegister(newTarget(t, middleServer.URL, remote.Opts{}))

	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, rootServer.URL, http.NoBody)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "4")
	start := time.Now()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, response.Body); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the root answered after %v", took)
	}
	wantLines(t, text.String(), "root 1", "middle 1", "healthy 1")
	// Each handler and each target keeps a margin.
	if seconds, err := strconv.ParseFloat(<-given, 64); err != nil || seconds < 1 || seconds > 4*0.9*0.95*0.9*0.95 {
		t.Errorf("the leaf was given %v seconds, %v", seconds, err)
	}
	<-ended // The request to the leaf was canceled.
}
