package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// oneGather is a scrape of a gatherer that hangs, in most cases beside a healthy family "ok".
type oneGather func(ctx context.Context) ([]*metric.MetricFamily, error)

// TestStuckGathererIsKnown checks every way to join gatherers while one of the gatherers hangs. It
// scrapes a hundred times, half of them at once. Each scrape joins the gatherers anew, like programs
// that do so for each request.
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
						break // Registries share no runs, but recognize stuck gatherers.
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
					most = 8 // number of runs that were just left behind and may still return
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

// selfServing is a gatherer that has its own handler.
type selfServing struct{ handler http.Handler }

func (*selfServing) Gather() ([]*metric.MetricFamily, error) { return nil, nil }

// TestDefaultGatherersKnowWhatIsStuck calls DefaultGatherers anew for each scrape.
func TestDefaultGatherersKnowWhatIsStuck(t *testing.T) {
	theirs, stuck := prometheus.DefaultGatherer, new(hanging)
	prometheus.DefaultGatherer = stuck
	t.Cleanup(func() { prometheus.DefaultGatherer = theirs })
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			families, err := metric.DefaultGatherers().GatherWithContext(ctx)
			cancel()
			if len(families) == 0 || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, metric.ErrStillRunning) {
				t.Errorf("got %d families and error %v", len(families), err)
			}
		}
		if n := stuck.calls.Load(); n != 1 {
			t.Errorf("what hangs was started %d times", n)
		}
	})
}

// TestBigGathererCostsOnlyItself scrapes a gatherer that returns so many families so shortly before
// the deadline that there is no time to copy them.
func TestBigGathererCostsOnlyItself(t *testing.T) {
	const timeout = time.Second
	families := make([]*metric.MetricFamily, 500_000)
	series := []*metric.MetricData{written(t, metric.NewGauge(metric.GaugeOpts{Name: "g", Help: "h"}))}
	for i := range families {
		families[i] = &metric.MetricFamily{
			Name: new(fmt.Sprintf("big_%07d", i)), Type: metric.GaugeMetricTypePtr,
			Metric: series,
		}
	}
	var big metric.Gatherer = metric.GathererFunc(func() ([]*metric.MetricFamily, error) {
		time.Sleep(timeout - timeout/8) // This is also before the deadline of gatherers that take a context.
		return families, nil
	})
	for name, g := range map[string]metric.Gatherer{
		"Gatherers":       metric.Gatherers{big, gathererOf("ok", nil)},
		"their Gatherers": prometheus.Gatherers{gathererOf("ok", nil), big},
	} {
		t.Run(name, func(t *testing.T) {
			var failed error
			opts := metric.HandlerOpts{
				Timeout: timeout, ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) { failed = errors.Join(failed, err) },
			}
			w := httptest.NewRecorder()
			metric.HandlerFor(g, opts).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if body := w.Body.String(); !strings.Contains(body, "\nok 0\n") {
				t.Errorf("the healthy family is missing from %d bytes with status %d", len(body), w.Code)
			}
			if failed == nil && strings.Count(w.Body.String(), "big_") < len(families) {
				t.Error("it was not reported that families are missing")
			}
			t.Logf("error: %v", failed)
		})
	}
}
