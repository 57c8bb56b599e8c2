package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestNoPileUp checks that the number of collectors bounds the number of goroutines, regardless of the
// number of scrapes, one after the other or all at once.
func TestNoPileUp(t *testing.T) {
	const collectors, scrapes = 4, 500
	for kind, isShared := range kinds {
		for name, each := range map[string]func(f func()){
			"in sequence": func(f func()) {
				for range scrapes {
					f()
				}
			},
			"all at once": func(f func()) {
				var wg sync.WaitGroup
				for range scrapes {
					wg.Go(f)
				}
				wg.Wait()
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var (
						e       engine.Engine
						list    = []*engine.Collector{quick()}
						starts  atomic.Int32
						release = make(chan struct{})
					)
					for range collectors {
						list = append(list, &engine.Collector{Shared: isShared, Run: func(ctx context.Context, r engine.Running, _ engine.Sink) error {
							return engine.FromChannelOf(r, -1, func(chan<- int) { starts.Add(1); <-release }, func(int) {})
						}})
					}
					before := runtime.NumGoroutine()
					each(func() { wantValues(t, scrape(&e, time.Second, list...)[0], 1) })
					// There may be two runs of each collector that is not shared, with two goroutines. The
					// runtime may need a few for itself.
					wantGoroutines(t, before+2*2*collectors+10)
					if got := int(starts.Load()); got > 2*collectors {
						t.Errorf("%d runs were started for %d collectors", got, collectors)
					}
					close(release)
				})
			})
		}
	}
}

// wantGoroutines checks the number of goroutines after waiting for those that are about to end.
func wantGoroutines(t *testing.T, most int) {
	t.Helper()
	synctest.Wait()
	for range 1000 {
		if runtime.NumGoroutine() <= most {
			return
		}
		runtime.Gosched() // A goroutine that has returned still counts for a moment.
	}
	t.Errorf("%d goroutines are left, want at most %d", runtime.NumGoroutine(), most)
}

// TestRandomScrapes runs scrapes that end in every way, with collectors that behave in every way. It
// checks that each scrape ends in time, that each collector stays within its bounds, and that all
// collectors work in the end.
func TestRandomScrapes(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{T: t, Rand: rand.New(rand.NewPCG(seed, 0))}
				w.engine.Concurrency = w.IntN(4)
				for i := range 1 + w.IntN(6) {
					w.collectors = append(w.collectors, w.collector(i%2 == 0))
				}
				var scrapes sync.WaitGroup
				for range 40 {
					ctx, cancel, end := w.context()
					scrapes.Go(func() {
						defer cancel()
						w.scrape(ctx, end)
					})
					time.Sleep(w.upTo(2 * time.Second))
				}
				scrapes.Wait()
				w.healed.Store(true)
				time.Sleep(time.Hour)
				for i, o := range scrape(&w.engine, time.Hour, w.collectors...) {
					wantValues(t, o, 1, 2)
					if o.Err != nil {
						t.Errorf("in the end, collector %d fails: %v", i, o.Err)
					}
				}
			})
		})
	}
}

type world struct {
	*testing.T
	*rand.Rand

	engine     engine.Engine
	collectors []*engine.Collector
	healed     atomic.Bool // The collectors no longer misbehave.
}

func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.Int64N(int64(d))) }

// collector returns a collector that sends 1 and 2 and misbehaves in between.
func (w *world) collector(isShared bool) *engine.Collector {
	var (
		running atomic.Int32
		most    = map[bool]int32{true: 1, false: 2}[isShared]
		runs    atomic.Int32
		delays  []time.Duration
		kind    = w.IntN(5)
	)
	for range 5 {
		delays = append(delays, w.upTo([]time.Duration{1, time.Second, 20 * time.Second}[w.IntN(3)]))
	}
	run := func(ctx context.Context, send func(float64)) error {
		if n := running.Add(1); n > most {
			w.Errorf("%d runs of a collector at once, want at most %d", n, most)
		}
		defer running.Add(-1)
		send(1)
		if !w.healed.Load() {
			time.Sleep(delays[int(runs.Add(1))%len(delays)])
			switch kind {
			case 0:
				panic("no way")
			case 1:
				runtime.Goexit()
			case 2:
				return errOwn
			case 3:
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Minute):
				}
			}
		}
		send(2)
		return nil
	}
	return &engine.Collector{Shared: isShared, Run: func(ctx context.Context, r engine.Running, sink engine.Sink) error {
		return engine.FromChannelOf(r, -1, func(ch chan<- float64) {
			if err := run(ctx, func(v float64) { ch <- v }); err != nil {
				panic(err)
			}
		}, func(v float64) { send(sink, v) })
	}}
}

// context returns a context for a scrape, and the time after which it ends.
func (w *world) context() (context.Context, context.CancelFunc, time.Duration) {
	end := w.upTo(15 * time.Second)
	if w.IntN(2) == 0 {
		ctx, cancel := context.WithTimeout(w.Context(), end)
		return ctx, cancel, end
	}
	ctx, cancel := context.WithCancel(w.Context())
	time.AfterFunc(end, cancel)
	return ctx, cancel, end
}

func (w *world) scrape(ctx context.Context, end time.Duration) {
	start := time.Now()
	outcomes := w.engine.Collect(ctx, jobs(w.collectors...))
	elapsed := time.Since(start)
	if elapsed > end+lastWait {
		w.Errorf("a scrape took %v, longer than %v", elapsed, end)
	}
	for _, o := range outcomes {
		if elapsed < end-min(headStart, end/10) && errors.Is(o.Err, context.DeadlineExceeded) {
			w.Errorf("before the deadline: %v", o.Err)
		}
		if o.Err == nil {
			wantValues(w.T, o, 1, 2)
		}
	}
}
