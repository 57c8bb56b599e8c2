package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// TestLastWordsAreServed checks law 15: the samples that a collector of any kind sends when its
// context ends, before it returns, are served, over HTTP and by Gather. A scrape that follows at
// once gets them, too.
func TestLastWordsAreServed(t *testing.T) {
	kinds := map[string]func(t *testing.T) metric.Collector{
		"context": func(*testing.T) metric.Collector {
			return metric.NewCollectorFunc(describing("up"), func(ctx context.Context, ch chan<- metric.Metric) {
				<-ctx.Done()
				ch <- one("up")
			})
		},
		"stream": func(*testing.T) metric.Collector {
			return streamOf("up", func(ctx context.Context, s *metric.Sink) error {
				<-ctx.Done()
				return s.Gauge(desc("up"), 1)
			})
		},
		"wrapped": func(*testing.T) metric.Collector {
			return metric.WrapCollectorWith(metric.Labels{"a": "b"}, metric.CollectorWithContextFunc(func(ctx context.Context, ch chan<- metric.Metric) {
				<-ctx.Done()
				ch <- one("up")
			}))
		},
		"nested": func(t *testing.T) metric.Collector {
			r := metric.NewContextRegistry()
			if err := r.Register(metric.CollectorWithContextFunc(func(ctx context.Context, ch chan<- metric.Metric) {
				<-ctx.Done()
				ch <- one("up")
			})); err != nil {
				t.Fatal(err)
			}
			return r
		},
	}
	for kind, build := range kinds {
		for _, limit := range []time.Duration{0, 200 * time.Millisecond} {
			if kind == "nested" && limit > 0 {
				continue // Policies are only for collectors that are run.
			}
			t.Run(fmt.Sprintf("%s/%v", kind, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := metric.NewContextRegistry()
					var opts []metric.CollectorOption
					if limit > 0 {
						opts = append(opts, metric.WithTimeout(limit))
					}
					if err := r.RegisterWith(build(t), opts...); err != nil {
						t.Fatal(err)
					}
					h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
					for _, timeout := range []string{"10", "1", "0.05"} {
						body := request(h, scrapeTimeout, timeout).Body.String()
						if !strings.Contains(body, "\nup") {
							t.Errorf("with %s s the handler has served:\n%s", timeout, body)
						}
					}
					families, err := scrapeFor(t, r, time.Second)
					wantFamilies(t, families, []string{"up"})
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got error %v", err)
					}
				})
			})
		}
	}
}

// TestImpatientRequests checks over HTTP that requests with a timeout that is too short take nothing
// from other requests, whatever the collector and its policies.
func TestImpatientRequests(t *testing.T) {
	const pause = 100 * time.Millisecond
	series := metric.NewDesc("slow", "Of a test.", []string{"n"}, nil)
	kinds := map[string]metric.Collector{
		"plain": plain{"slow", func(ch chan<- metric.Metric) {
			time.Sleep(pause)
			ch <- one("slow")
		}},
		"context": metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, ch chan<- metric.Metric) {
			select {
			case <-time.After(pause):
				ch <- one("slow")
			case <-ctx.Done():
			}
		}),
		"ignores its context": metric.NewCollectorFunc(describing("slow"), func(_ context.Context, ch chan<- metric.Metric) {
			time.Sleep(pause)
			ch <- one("slow")
		}),
		"stream": streamWith(func(_ context.Context, s *metric.Sink) error {
			if err := writeNumbered(s, series, 0, 75); err != nil {
				return err
			}
			time.Sleep(pause)
			return writeNumbered(s, series, 75, 150)
		}, series),
	}
	policies := []string{"", "breaker", "cache", "all"}
	options := func(policy string) []metric.CollectorOption {
		switch policy {
		case "breaker":
			return []metric.CollectorOption{metric.WithBreaker(5, time.Hour)}
		case "cache":
			return []metric.CollectorOption{metric.WithCache(time.Second), metric.WithTimeout(5 * time.Second)}
		case "all":
			return []metric.CollectorOption{
				metric.WithBreaker(5, time.Hour), metric.WithGroup(metric.NewGroup("g", 5)), metric.WithTimeout(5 * time.Second),
				metric.WithStale(time.Minute), metric.WithCache(time.Second),
			}
		default:
			return nil
		}
	}
	for kind, c := range kinds {
		for _, policy := range policies {
			t.Run(kind+"/"+policy, func(t *testing.T) {
				t.Parallel() // The cases share nothing, and no real time passes.
				synctest.Test(t, func(t *testing.T) {
					r := metric.NewContextRegistry()
					if err := r.RegisterWith(c, append(options(policy), metric.WithName("c"))...); err != nil {
						t.Fatal(err)
					}
					h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
					stop := make(chan struct{})
					var all sync.WaitGroup
					for range 3 {
						all.Go(func() {
							for {
								select {
								case <-stop:
									return
								case <-time.After(7 * time.Millisecond):
									request(h, scrapeTimeout, "0.01")
								}
							}
						})
					}
					time.Sleep(time.Second)
					want := 1
					if kind == "stream" {
						want = 150
					}
					for i := range 10 {
						var two sync.WaitGroup
						for range 2 {
							two.Go(func() {
								body := request(h, scrapeTimeout, "10").Body.String()
								if n := strings.Count(body, "\nslow"); n != want {
									t.Errorf("scrape %d got %d series, want %d:\n%.300s", i, n, want, body)
								}
							})
							time.Sleep(30 * time.Millisecond)
						}
						two.Wait()
						time.Sleep(1100 * time.Millisecond) // The cache is too old for the next round.
					}
					close(stop)
					all.Wait()
					if s := r.Status()[0]; s.Breaker != metric.BreakerClosed || s.BreakerTrips > 0 {
						t.Errorf("the breaker has opened %d times", s.BreakerTrips)
					}
					time.Sleep(time.Hour)
				})
			})
		}
	}
}

// TestFloodIsServedInTime checks law 3 for collectors and gatherers with more samples than can be
// written before the deadline: the samples that fit are served, and the others cost only their
// collector.
func TestFloodIsServedInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	floodDesc := metric.NewDesc("flood", "Of a test.", []string{"n"}, nil)
	many := &metric.MetricFamily{Name: new("many"), Help: new("Of a test."), Type: metric.MetricTypeGauge.Enum()}
	for i := range 1_000_000 {
		many.Metric = append(many.Metric, &metric.MetricData{
			Label: []*metric.LabelPair{{Name: new("n"), Value: new(strconv.Itoa(i))}}, Gauge: &dto.Gauge{Value: new(1.0)},
		})
	}
	release := make(chan struct{})
	var flood atomic.Bool // whether the flood is running
	defer func() {
		for close(release); flood.Load(); {
			time.Sleep(time.Millisecond) // The flood must not slow down other tests.
		}
	}()
	for name, add := range map[string]func(r *metric.ContextRegistry) metric.GathererWithContext{
		"collector": func(r *metric.ContextRegistry) metric.GathererWithContext {
			r.MustRegister(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
				flood.Store(true)
				defer flood.Store(false)
				for i := 0; ; i++ {
					select {
					case ch <- metric.MustNewConstMetric(floodDesc, metric.GaugeValue, 1, strconv.Itoa(i)):
					case <-release:
						return
					}
				}
			}))
			return r
		},
		"gatherer": func(r *metric.ContextRegistry) metric.GathererWithContext {
			return metric.Gatherers{prometheus.GathererFunc(func() ([]*metric.MetricFamily, error) {
				time.Sleep(700 * time.Millisecond)
				return []*metric.MetricFamily{many, many, many}, nil
			}), r}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, want := healthy(t)
			h := metric.HandlerForContext(add(r), metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, Timeout: 2 * time.Second})
			start := time.Now()
			body := request(h).Body.String()
			// A wide margin: without a limit, it takes many times as long.
			// A wide margin: without a limit, it takes minutes under the race detector.
			if took := time.Since(start); took > 6*time.Second {
				t.Errorf("the answer took %v", took)
			}
			for _, name := range want {
				if !strings.Contains(body, "\n"+name+" ") {
					t.Errorf("%s is missing", name)
				}
			}
		})
	}
}

// TestErrorsAskTheRegistry checks law 9 for the methods of errors, which are user code and may call
// the registry.
func TestErrorsAskTheRegistry(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	curious := &curiousError{func() { r.Status() }}
	if err := r.RegisterWith(streamOf("curious", func(context.Context, *metric.Sink) error { return curious }),
		metric.WithBreaker(3, time.Minute)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5 {
			w := httptest.NewRecorder()
			metric.HandlerFor(r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("deadlock")
	}
}

// curiousError calls a function in each of its methods.
type curiousError struct{ do func() }

func (e *curiousError) Error() string { e.do(); return "curious" }

func (e *curiousError) Is(error) bool { e.do(); return false }
