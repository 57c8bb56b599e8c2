package remote_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
	"github.com/luxfi/metric/remote"
)

// process is a registry and a server for its metrics.
type process struct {
	name string
	reg  *metric.ContextRegistry
	url  string
}

// start starts a process whose handler is created by handle.
func start(t *testing.T, name string, handle func(*metric.ContextRegistry) http.Handler) *process {
	t.Helper()
	p := &process{name: name, reg: metric.NewContextRegistry()}
	g := metric.NewGauge(metric.GaugeOpts{Name: "own", ConstLabels: metric.Labels{"process": name}})
	p.reg.MustRegister(g)
	p.url = serve(t, handle(p.reg)).URL
	return p
}

var handlers = map[string]func(*metric.ContextRegistry) http.Handler{
	"HandlerFor": func(r *metric.ContextRegistry) http.Handler {
		return metric.HandlerFor(r, metric.HandlerOpts{ErrorLog: func(error) {}})
	},
	"coalescing": func(r *metric.ContextRegistry) http.Handler {
		return metric.HandlerFor(r, metric.HandlerOpts{ErrorLog: func(error) {}, CoalesceGather: true})
	},
	"strict": func(r *metric.ContextRegistry) http.Handler {
		return metric.HandlerFor(r, metric.HandlerOpts{ErrorLog: func(error) {}, ErrorHandling: metric.HTTPErrorOnError})
	},
	"promhttp": func(r *metric.ContextRegistry) http.Handler {
		return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorLog: discard{}, ErrorHandling: promhttp.ContinueOnError})
	},
	"ScrapeContext": func(r *metric.ContextRegistry) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			ctx, cancel := metric.ScrapeContext(req, metric.HandlerOpts{})
			defer cancel()
			mfs, _ := r.GatherWithContext(ctx)
			metric.HandlerFor(fixed(mfs)).ServeHTTP(w, req)
		})
	},
}

// TestLoops checks closed chains of processes. The shortest chain is a process that gathers from itself. The
// sender of a request must refuse the request if it comes back, and must serve all metrics once.
func TestLoops(t *testing.T) {
	for name, handle := range handlers {
		for _, length := range []int{1, 2, 3} {
			for policy, opts := range map[string][]metric.CollectorOption{
				"plain": nil, "cache": {metric.WithCache(time.Minute)}, "stale": {metric.WithStale(time.Minute)},
			} {
				t.Run(fmt.Sprint(name, " ", length, " ", policy), func(t *testing.T) {
					chain := make([]*process, length)
					for i := range chain {
						chain[i] = start(t, fmt.Sprint(i), handle)
					}
					for i, p := range chain {
						target := newTarget(t, chain[(i+1)%length].url, remote.Opts{})
						p.reg.MustRegisterWith(target, opts...)
					}
					began := time.Now()
					mfs, err := chain[0].reg.GatherWithContext(within(t, time.Minute))
					if took := time.Since(began); took > 30*time.Second {
						t.Errorf("it took %v", took)
					}
					strict := name == "strict" && length > 1
					switch {
					case name == "ScrapeContext": // ScrapeContext serves its own metrics twice; see below.
					case length == 1:
						if !errors.Is(err, remote.ErrLoop) {
							t.Errorf("got %v", err)
						}
						wantError(t, err, "form a loop", chain[0].url)
					case strict:
						wantError(t, err, "the status is 500", chain[1].url)
					case err != nil:
						t.Errorf("the process before the loop's end reports it, not the first: %v", err)
					}
					if strict {
						length = 1
					}
					if len(mfs) != 1 || len(mfs[0].GetMetric()) != length {
						t.Errorf("got %v", mfs)
					}
				})
			}
		}
	}
}

// TestLoopsOfGroups checks processes that gather from each other and from themselves, in groups.
func TestLoopsOfGroups(t *testing.T) {
	const n = 3
	var (
		groups [n]*remote.Group
		urls   []remote.GroupTarget
		regs   [n]*metric.ContextRegistry
	)
	for i := range n {
		regs[i] = metric.NewContextRegistry()
		g := metric.NewGauge(metric.GaugeOpts{Name: "own", ConstLabels: metric.Labels{"process": fmt.Sprint(i)}})
		regs[i].MustRegister(g)
		groups[i] = remote.NewGroup(remote.GroupOpts{})
		h := metric.HandlerFor(metric.NewShardedGatherer(regs[i], groups[i]), metric.HandlerOpts{ErrorLog: func(error) {}})
		urls = append(urls, remote.GroupTarget{URL: serve(t, h).URL})
	}
	for _, g := range groups {
		if err := g.Set(urls); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	mfs, err := groups[0].GatherWithContext(within(t, time.Minute))
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	wantError(t, err, "loop", urls[0].URL)
	text := textOf(t, fixed(mfs))
	for i := 1; i < n; i++ {
		if line := fmt.Sprintf(`own{instance=%q,process="%d"} 0`, urls[i].URL[len("http://"):], i); !strings.Contains(text, line) {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
}

// TestScrapesOfALoop scrapes, at the same time, two processes that gather from each other. Neither scrape may
// wait for the other.
func TestScrapesOfALoop(t *testing.T) {
	for _, handler := range []string{"HandlerFor", "coalescing"} {
		for policy, opts := range map[string][]metric.CollectorOption{
			"plain": nil, "cache": {metric.WithCache(time.Nanosecond)}, "stale": {metric.WithStale(time.Minute)},
		} {
			t.Run(handler+" "+policy, func(t *testing.T) {
				a, b := start(t, "a", handlers[handler]), start(t, "b", handlers[handler])
				a.reg.MustRegisterWith(newTarget(t, b.url, remote.Opts{}), opts...)
				b.reg.MustRegisterWith(newTarget(t, a.url, remote.Opts{}), opts...)
				for range 20 {
					var running sync.WaitGroup
					for _, p := range []*process{a, b} {
						running.Go(func() {
							began := time.Now()
							r, _ := http.NewRequestWithContext(within(t, time.Minute), http.MethodGet, p.url, http.NoBody)
							r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "20")
							response, err := http.DefaultClient.Do(r)
							if err != nil {
								t.Error(err)
								return
							}
							response.Body.Close()
							if took := time.Since(began); took > 10*time.Second {
								t.Errorf("it took %v", took)
							}
						})
					}
					running.Wait()
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

// TestLongChain checks that a scrape reaches only a limited number of processes.
func TestLongChain(t *testing.T) {
	const n = 40
	processes := make([]*process, n)
	for i := range processes {
		processes[i] = start(t, fmt.Sprintf("%02d", i), handlers["HandlerFor"])
		if i > 0 {
			processes[i-1].reg.MustRegister(newTarget(t, processes[i].url, remote.Opts{}))
		}
	}
	mfs, err := processes[0].reg.GatherWithContext(within(t, time.Hour))
	if err != nil {
		t.Error(err) // The last process that is reached reports the error.
	}
	if len(mfs) != 1 || len(mfs[0].GetMetric()) != 33 { // the first process, and 32 through targets
		t.Errorf("got %v", mfs)
	}
}

// TestCacheInATree checks that a process in the middle of a tree caches the metrics of its targets, even if
// all of its scrapes come from another process.
func TestCacheInATree(t *testing.T) {
	var requests atomic.Int32
	leaf := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		writeText(w, "leaf 1\n")
	}))
	middle := start(t, "middle", handlers["HandlerFor"])
	middle.reg.MustRegisterWith(newTarget(t, leaf.URL, remote.Opts{}), metric.WithCache(time.Hour))
	root := newTarget(t, middle.url, remote.Opts{})
	for range 3 {
		wantLines(t, textOf(t, root), "leaf 1")
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests reached the leaf", n)
	}
}

// TestLoopOfBackgroundRuns checks two processes that gather from each other in the background. Neither may
// wait for the other's first run.
func TestLoopOfBackgroundRuns(t *testing.T) {
	a, b := start(t, "a", handlers["HandlerFor"]), start(t, "b", handlers["HandlerFor"])
	defer a.reg.Close()
	defer b.reg.Close()
	began := time.Now()
	a.reg.MustRegisterWith(newTarget(t, b.url, remote.Opts{}), metric.WithBackground(time.Hour))
	b.reg.MustRegisterWith(newTarget(t, a.url, remote.Opts{}), metric.WithBackground(time.Hour))
	for _, p := range []*process{a, b} {
		mfs, err := p.reg.GatherWithContext(within(t, time.Minute))
		if took := time.Since(began); took > 7*time.Second { // Opts.Timeout is 10 s.
			t.Errorf("got %v, %v after %v", mfs, err, took)
		}
	}
}
