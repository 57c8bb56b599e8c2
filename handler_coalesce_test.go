package metric_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// coalesced returns a handler with CoalesceGather for a registry with a collector of each kind.
func coalesced(t *testing.T, b metrictest.Behaviour) (http.Handler, []*metrictest.Collector) {
	t.Helper()
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	r.MustRegister(counterNamed("native_total"))
	var all []*metrictest.Collector
	for kind, name := range []string{"context", "stream", "plain"} {
		c := metrictest.New(name, b)
		all = append(all, c)
		if err := r.RegisterWith([]metric.Collector{c, c.Stream(), c.Plain()}[kind], metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	return metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, CoalesceGather: true}), all
}

// scrapeHTTP sends h a request that announces a timeout, and returns the series of the response.
func scrapeHTTP(t *testing.T, h http.Handler, seconds, query string) map[string]float64 {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+query, http.NoBody)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", seconds)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	series, err := seriesOfExposition("text/plain", w.Body.Bytes())
	if err != nil || w.Code != http.StatusOK {
		t.Errorf("got status %d, error %v and\n%s", w.Code, err, w.Body)
	}
	return series
}

// TestCoalesceGather checks that concurrent requests share one run of each collector, and that each
// request waits only until its own deadline.
func TestCoalesceGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, collectors := coalesced(t, metrictest.Slow(5*time.Second))
		var requests sync.WaitGroup
		for i := range 10 {
			time.Sleep(time.Millisecond)
			requests.Go(func() {
				seconds, want := "20", 1.0
				if i%2 == 1 {
					seconds, want = "2", 0 // It waits under its own deadline.
				}
				start := time.Now()
				series := scrapeHTTP(t, h, seconds, "")
				if took := time.Since(start); want == 0 && took != 1800*time.Millisecond {
					t.Errorf("a request with 2 s took %v", took)
				}
				for _, name := range []string{"context", "stream", "plain"} {
					if got := series[name+`{series="healthy"}`]; got != want {
						t.Errorf("request %d: got %v of %s, want %v", i, got, name, want)
					}
				}
				if _, ok := series["native_total"]; !ok {
					t.Error("an instrument is missing")
				}
			})
		}
		requests.Wait()
		for _, c := range collectors {
			if n := c.Started(); n != 1 {
				t.Errorf("there were %d runs, want 1", n)
			}
		}
	})
}

// TestCoalescedWhileStuck checks that requests get the instruments and self-metrics while all
// collectors are stuck.
func TestCoalescedWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, collectors := coalesced(t, metrictest.Stuck())
		for i := range 3 {
			start := time.Now()
			series := scrapeHTTP(t, h, "1", "")
			if took, want := time.Since(start), 900*time.Millisecond; took > want || i == 0 && took != want {
				t.Errorf("it took %v", took)
			}
			_, ok := series["native_total"]
			if !ok || series[self("timeout", "context")] != 1 {
				t.Errorf("got %v", series)
			}
		}
		for _, c := range collectors {
			c.Release()
			if n := c.Started(); n != 1 {
				t.Errorf("there were %d runs, want 1", n)
			}
		}
	})
}

// TestCoalescedRequestsDiffer checks that each of several overlapping requests gets exactly what it selects.
func TestCoalescedRequestsDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := coalesced(t, metrictest.Slow(time.Second))
		var requests sync.WaitGroup
		for query, want := range map[string]string{"": "app context native plain stream", "?collect[]=context": "app context", "?name[]=stream": "stream", "?exclude[]=plain": "app context native stream"} {
			requests.Go(func() {
				series := scrapeHTTP(t, h, "20", query)
				var got []string
				for _, part := range strings.Fields("app context native plain stream") {
					for name := range series {
						if strings.HasPrefix(name, part) {
							got = append(got, part)
							break
						}
					}
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s: got %q, want %q", query, got, want)
				}
			})
		}
		requests.Wait()
	})
}

// TestCoalescedContext checks that a shared run has the deadline of the first request, and that its
// context ends when no request waits for the run.
func TestCoalescedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		var ended time.Duration
		var deadline time.Time
		start := time.Now()
		r.MustRegister(metric.CollectorWithContextFunc(func(ctx context.Context, _ chan<- metric.Metric) {
			deadline, _ = ctx.Deadline()
			<-ctx.Done()
			ended = time.Since(start)
		}))
		h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, CoalesceGather: true, TimeoutOffset: -1})
		var requests sync.WaitGroup
		for i, leaves := range []time.Duration{time.Second, 2 * time.Second} {
			requests.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(leaves, cancel)
				req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
				req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", []string{"30", "60"}[i])
				h.ServeHTTP(httptest.NewRecorder(), req)
			})
			time.Sleep(time.Millisecond)
		}
		requests.Wait()
		synctest.Wait()
		if ended != 2*time.Second+time.Millisecond || !deadline.Equal(start.Add(30*time.Second-100*time.Millisecond)) {
			t.Errorf("the context ended after %v, and its deadline was after %v", ended, deadline.Sub(start))
		}
	})
}
