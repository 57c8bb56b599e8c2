package exporter

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

var errDown = errors.New("the backend is down")

// scrapeUp gathers a collector under a context with a timeout. It returns the value of the gauge, or -1 if
// the gauge is missing.
func scrapeUp(ctx context.Context, registry *metric.ContextRegistry, timeout time.Duration) (value float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	families, err := registry.GatherWithContext(ctx)
	for _, f := range families {
		if f.GetName() == "test_up" {
			return f.GetMetric()[0].GetGauge().GetValue(), err
		}
	}
	return -1, err
}

func newUpRegistry(t *testing.T, ping func(context.Context) error) *metric.ContextRegistry {
	t.Helper()
	registry := metric.NewContextRegistry()
	if err := registry.Register(NewUp("test_up", nil, ping)); err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestUp(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, tc := range []struct {
		name  string
		ping  func(context.Context) error
		value float64
		want  string
	}{
		{"up", func(context.Context) error { return nil }, 1, ""},
		{"slow", func(ctx context.Context) error { time.Sleep(time.Second); return ctx.Err() }, 1, ""},
		{"down", func(context.Context) error { return errDown }, 0, errDown.Error()},
		{"panic", func(context.Context) error { panic("no") }, 0, "ping panics: no"},
		{"hangs until its context ends", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 0, "deadline exceeded"},
		{"ignores its context", func(context.Context) error { time.Sleep(time.Minute); return nil }, 0, "has not returned in time"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				value, err := scrapeUp(t.Context(), newUpRegistry(t, tc.ping), 5*time.Second)
				if value != tc.value {
					t.Errorf("the gauge is %v", value)
				}
				if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
					t.Errorf("the error is %v, want %s", err, tc.want)
				}
				time.Sleep(2 * time.Minute)
			})
		})
	}
}

// TestUpErrorIsThatOfThePing checks that the error of a scrape wraps the error of the ping.
func TestUpErrorIsThatOfThePing(t *testing.T) {
	_, err := scrapeUp(t.Context(), newUpRegistry(t, func(context.Context) error { return errDown }), time.Minute)
	if !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}

// runUp calls the collector directly and returns the number of metrics that it sends.
func runUp(ctx context.Context, c metric.Collector) (sent int) {
	ch := make(chan metric.Metric, 10)
	c.(metric.CollectorWithContext).CollectWithContext(ctx, ch)
	return len(ch)
}

func TestUpOfCancelledScrape(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		var calls atomic.Int32
		c := NewUp("test_up", nil, func(context.Context) error { calls.Add(1); <-block; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if sent := runUp(ctx, c); sent != 2 {
			t.Errorf("a canceled scrape gets %d metrics, want the gauge and an error", sent)
		}
		if sent := runUp(ctx, c); sent != 2 || calls.Load() != 1 {
			t.Errorf("a scrape that has ended before gets %d metrics and calls ping (%d calls)", sent, calls.Load())
		}
		close(block)
	})
}

// TestUpSharesThePingUnderWay checks that scrapes that overlap share one ping, and that a later scrape pings
// again.
func TestUpSharesThePingUnderWay(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		var calls, running, most atomic.Int32
		c := NewUp("test_up", nil, func(context.Context) error {
			calls.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(2 * time.Second)
			return nil
		})
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				if sent := runUp(t.Context(), c); sent != 1 {
					t.Errorf("scrape %d gets %d metrics, want the gauge", i, sent)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("ping was called %d times for scrapes that overlap", calls.Load())
		}
		if sent := runUp(t.Context(), c); sent != 1 || calls.Load() != 2 || most.Load() != 1 {
			t.Errorf("a later scrape gets %d metrics after %d calls, of which %d at once", sent, calls.Load(), most.Load())
		}
	})
}

// TestUpDoesNotFailWithAnotherScrape cancels the scrape that started a ping which other scrapes share.
func TestUpDoesNotFailWithAnotherScrape(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := NewUp("test_up", nil, func(ctx context.Context) error {
			if calls.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}).(*up)
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := c.result(first); !errors.Is(err, context.Canceled) {
				t.Errorf("the first scrape gets %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				if err := c.result(t.Context()); err != nil {
					t.Errorf("another scrape gets %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}

// TestUpOfStuckPing checks a ping that outlives its scrape.
func TestUpOfStuckPing(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		registry := newUpRegistry(t, func(context.Context) error {
			if calls.Add(1) == 1 {
				time.Sleep(10 * time.Second)
			}
			return nil
		})
		scrape := func(wantValue float64, wantCalls int32, atMost time.Duration) {
			t.Helper()
			start := time.Now()
			value, err := scrapeUp(t.Context(), registry, 5*time.Second)
			if value != wantValue || calls.Load() != wantCalls || time.Since(start) > atMost {
				t.Errorf("got %v (%v) with %d calls after %v", value, err, calls.Load(), time.Since(start))
			}
			if wantValue == 0 && wantCalls == 1 && atMost < 5*time.Second && !errors.Is(err, metric.ErrStillRunning) {
				t.Errorf("the error is %v", err)
			}
		}
		scrape(0, 1, 5*time.Second) // until 5 s after the start
		scrape(0, 1, upGrace)       // until 6 s after the start
		scrape(0, 1, 0)
		time.Sleep(5 * time.Second)
		scrape(1, 2, 0)
	})
}

// TestUpWaitsForALatePing checks a ping that returns soon after its scrape was canceled.
func TestUpWaitsForALatePing(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := NewUp("test_up", nil, func(ctx context.Context) error {
			if calls.Add(1) == 1 {
				<-ctx.Done()
				time.Sleep(upGrace / 2)
				return errDown
			}
			return nil
		}).(*up)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.result(ctx); err == nil {
			t.Error("the first scrape gets no error")
		}
		if err := c.result(t.Context()); err != nil || calls.Load() != 2 {
			t.Errorf("the second gets %v after %d calls", err, calls.Load())
		}
	})
}

// TestUpKeepsTheRules checks that the collector of NewUp follows the rules for collectors.
func TestUpKeepsTheRules(t *testing.T) {
	metrictest.TestCollector(t, NewUp("test_up", metric.Labels{"database": "a"}, func(context.Context) error { return nil }), metrictest.MustSend())
}

func TestUpOfSeveralBackends(t *testing.T) {
	registry := metric.NewContextRegistry()
	up := func(context.Context) error { return nil }
	down := func(context.Context) error { return errDown }
	registry.MustRegister(NewUp("test_up", metric.Labels{"database": "a"}, up), NewUp("test_up", metric.Labels{"database": "b"}, down))
	families, err := registry.GatherWithContext(t.Context())
	if len(families) != 1 || len(families[0].GetMetric()) != 2 || !errors.Is(err, errDown) {
		t.Errorf("got %v, %v", families, err)
	}
	if err := registry.Register(NewUp("\xff", nil, up)); err == nil {
		t.Error("an invalid name is registered")
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil ping does not panic")
		}
	}()
	NewUp("test_up", nil, nil)
}
