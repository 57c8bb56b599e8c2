package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

type hangingWithContext struct{ hanging }

func (g *hangingWithContext) GatherWithContext(context.Context) ([]*metric.MetricFamily, error) {
	return g.Gather()
}

type hangingTransaction struct{ hanging }

func (g *hangingTransaction) Gather() ([]*metric.MetricFamily, func(), error) {
	families, err := g.hanging.Gather()
	return families, func() {}, err
}

// oneGather is one scrape of something that hangs, mostly beside a healthy family "ok".
type oneGather func(ctx context.Context) ([]*metric.MetricFamily, error)

// TestStuckGathererIsKnown scrapes everything that gathers from others a hundred times,
// half of them at once, while one of those hangs. What is scraped is made anew each time,
// as programs do that gather for each request.
func TestStuckGathererIsKnown(t *testing.T) {
	handle := func(g metric.Gatherer) oneGather {
		return func(ctx context.Context) ([]*metric.MetricFamily, error) {
			w := httptest.NewRecorder()
			req := httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil)
			metric.HandlerFor(g, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}).ServeHTTP(w, req)
			if !strings.Contains(w.Body.String(), "ok 0") {
				return nil, fmt.Errorf("got %s", w.Body)
			}
			return []*metric.MetricFamily{{Name: new("ok")}}, context.DeadlineExceeded
		}
	}
	ok := gathererOf("ok", nil)
	for name, test := range map[string]func(calls **atomic.Int64) oneGather{
		"Gatherers": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.Gatherers{g, ok}.GatherWithContext(ctx)
			}
		},
		"Gatherers with context": func(calls **atomic.Int64) oneGather {
			g := new(hangingWithContext)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.Gatherers{g, ok}.GatherWithContext(ctx)
			}
		},
		"Gatherers in Gatherers": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.Gatherers{metric.Gatherers{g}, prometheus.Gatherers{ok}}.GatherWithContext(ctx)
			}
		},
		"handler for Gatherers": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return handle(metric.Gatherers{g, ok})
		},
		"handler for their Gatherers": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return handle(prometheus.Gatherers{g, ok})
		},
		"function": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			f := metric.GathererFunc(g.Gather)
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.Gatherers{f, ok}.GatherWithContext(ctx)
			}
		},
		"multi gatherer": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				m := metric.NewMultiGatherer()
				return []*metric.MetricFamily{}, errors.Join(m.Register("hangs", g), m.Register("ok", ok), gatherErr(ctx, m))
			}
		},
		"prefix gatherer": func(calls **atomic.Int64) oneGather {
			g := new(hanging)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				m := metric.NewPrefixGatherer()
				return []*metric.MetricFamily{}, errors.Join(m.Register("hangs", g), m.Register("ok", ok), gatherErr(ctx, m))
			}
		},
		"sharded": func(calls **atomic.Int64) oneGather {
			g := new(hangingWithContext)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.NewShardedGatherer(g, ok).GatherWithContext(ctx)
			}
		},
		"bound": func(calls **atomic.Int64) oneGather {
			g := new(hangingWithContext)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.BindGatherer(ctx, g).Gather()
			}
		},
		"bound in Gatherers": func(calls **atomic.Int64) oneGather {
			g := new(hangingWithContext)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				return metric.Gatherers{metric.BindGatherer(context.WithoutCancel(ctx), g), ok}.GatherWithContext(ctx)
			}
		},
		"transactional": func(calls **atomic.Int64) oneGather {
			g := new(hangingTransaction)
			*calls = &g.calls
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				w := httptest.NewRecorder()
				metric.HandlerForTransactional(g, metric.HandlerOpts{}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil))
				return nil, context.DeadlineExceeded
			}
		},
		"registry for each request": func(calls **atomic.Int64) oneGather {
			*calls = new(atomic.Int64)
			c := &stuckCollector{metric.NewDesc("stuck", "Of a test.", nil, nil), *calls}
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				r := metric.NewRegistry()
				r.MustRegister(metric.WrapCollectorWith(metric.Labels{"a": "b"}, c), ok)
				return r.GatherWithContext(ctx)
			}
		},
		"adapter": func(calls **atomic.Int64) oneGather {
			*calls = new(atomic.Int64)
			c := metric.NewCollectorAdapter(&stuckCollector{metric.NewDesc("stuck", "Of a test.", nil, nil), *calls})
			r := metric.NewRegistry()
			r.MustRegister(c, ok)
			return r.GatherWithContext
		},
		"adapter elsewhere": func(calls **atomic.Int64) oneGather {
			*calls = new(atomic.Int64)
			c := metric.NewCollectorAdapter(&stuckCollector{metric.NewDesc("stuck", "Of a test.", nil, nil), *calls})
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				c.CollectWithContext(ctx, make(chan metric.Metric, 10))
				return nil, context.DeadlineExceeded
			}
		},
		"adapted with context": func(calls **atomic.Int64) oneGather {
			*calls = new(atomic.Int64)
			count := *calls
			c := metric.NewCollectorAdapter(metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) {
				count.Add(1)
				time.Sleep(time.Hour)
			}))
			return func(ctx context.Context) ([]*metric.MetricFamily, error) {
				c.CollectWithContext(ctx, make(chan metric.Metric, 10))
				return nil, context.DeadlineExceeded
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				var calls *atomic.Int64
				scrape := test(&calls)
				before := goroutines()
				once := func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					start := time.Now()
					families, err := scrape(ctx)
					if took := time.Since(start); took > time.Second {
						t.Errorf("a scrape took %v", took)
					}
					if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, metric.ErrStillRunning) {
						t.Errorf("got error %v", err)
					}
					if families != nil && len(families) != 1 && cap(families) > 0 {
						t.Errorf("got %d families, want the healthy one", len(families))
					}
				}
				var together sync.WaitGroup
				for range 50 {
					if name == "registry for each request" {
						break // Registries do not share runs, but they know what is stuck.
					}
					together.Go(once)
				}
				together.Wait()
				time.Sleep(time.Second)
				for range 50 {
					once()
				}
				time.Sleep(time.Second)
				most := int64(2)
				if name == "registry for each request" {
					most = 8 // Runs that were left a moment ago may still return.
				}
				if n := calls.Load(); n > most {
					t.Errorf("what hangs was started %d times", n)
				}
				if n := goroutines() - before; n > 10 {
					t.Errorf("%d goroutines were left behind", n)
				}
			})
		})
	}
}

func gatherErr(ctx context.Context, g metric.GathererWithContext) error {
	families, err := g.GatherWithContext(ctx)
	if len(families) != 1 {
		err = fmt.Errorf("got %d families: %w", len(families), err)
	}
	return err
}
