package engine_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// TestAllAreStartedAtOnce checks that collectors that block do not keep others from being started: here
// each waits for all of them.
func TestAllAreStartedAtOnce(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, processors := range []int{1, before} {
		runtime.GOMAXPROCS(processors)
		synctest.Test(t, func(t *testing.T) {
			const n = 50
			var all sync.WaitGroup
			all.Add(n)
			collectors := make([]*engine.Collector, n)
			for i := range collectors {
				collectors[i] = shared(func(sink engine.Sink) error {
					all.Done()
					all.Wait()
					send(sink, float64(i))
					return nil
				})
			}
			start := time.Now()
			for i, o := range new(engine.Engine).Collect(t.Context(), jobs(collectors...)) {
				if o.Err != nil {
					t.Errorf("collector %d: %v", i, o.Err)
				}
				wantValues(t, o, float64(i))
			}
			took(t, start, 0)
		})
	}
}

// TestGoexitCostsNobodyElse checks that the other collectors still run if one calls runtime.Goexit, and
// that the samples sent before arrive.
func TestGoexitCostsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		collectors := make([]*engine.Collector, 50)
		for i := range collectors {
			collectors[i] = sending(func(ch chan<- int) {
				ch <- i
				if i%2 == 0 {
					runtime.Goexit()
				}
			})
		}
		for i, o := range new(engine.Engine).Collect(t.Context(), jobs(collectors...)) {
			if (o.Err != nil) != (i%2 == 0) {
				t.Errorf("collector %d: %v", i, o.Err)
			}
			wantValues(t, o, float64(i))
		}
	})
}

// sending returns a collector that sends to a channel.
func sending(collect func(ch chan<- int)) *engine.Collector {
	return &engine.Collector{Shared: true, Run: func(ctx context.Context, r engine.Running, sink engine.Sink) error {
		return engine.FromChannelOf(r, -1, collect, func(v int) { send(sink, float64(v)) })
	}}
}

// TestBusyProcessorHoldsUpNoScrape checks that a scrape does not queue up behind all other goroutines that
// want the processor.
func TestBusyProcessorHoldsUpNoScrape(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var (
		stop   atomic.Bool
		others sync.WaitGroup
	)
	for range 10 {
		others.Go(func() {
			for !stop.Load() {
			}
		})
	}
	defer others.Wait()
	defer stop.Store(true)
	collectors := make([]*engine.Collector, 50)
	for i := range collectors {
		collectors[i] = sending(func(ch chan<- int) { ch <- i })
	}
	var e engine.Engine
	const rounds = 10
	start := time.Now()
	for range rounds {
		runtime.Gosched()
	}
	queued := time.Since(start) / rounds
	scraped := time.Hour // the best time, since a scrape may also use up its time slice and then has to queue up
	for range rounds {
		start := time.Now()
		e.Collect(t.Context(), jobs(collectors...))
		scraped = min(scraped, time.Since(start))
	}
	if scraped > queued/2 {
		t.Errorf("a scrape takes %v at best, to queue up %v", scraped, queued)
	}
}

// TestStuckHoldsOnToNoOthers checks that the results of a scrape can be freed although one of its runs is
// stuck.
func TestStuckHoldsOnToNoOthers(t *testing.T) {
	stuck, freed := newBlocker(true), make(chan struct{})
	defer close(stuck.opened)
	scrape(new(engine.Engine), 100*time.Millisecond, stuck.Collector, shared(func(sink engine.Sink) error {
		f := &model.Family{Name: "f"}
		runtime.AddCleanup(f, func(c chan struct{}) { close(c) }, freed)
		return sink.Sample(f, &model.Point{})
	}), quick())
	for range 100 {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Error("what another collector has sent is still there")
}

// TestMoreThanFits checks that a scrape waits for collectors that send more than their channels hold, and
// more than they did before, and that nothing is lost.
func TestMoreThanFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		for _, n := range []int{0, 3, 300, 10, 1000} {
			collectors := make([]*engine.Collector, 20)
			for i := range collectors {
				collectors[i] = sending(func(ch chan<- int) {
					for v := range n {
						ch <- v
					}
				})
			}
			for i, o := range e.Collect(t.Context(), jobs(collectors...)) {
				if len(o.Samples) != n || o.Err != nil {
					t.Errorf("of collector %d, %d samples came, want %d: %v", i, len(o.Samples), n, o.Err)
				}
			}
		}
	})
}

// TestArrivedBeforeTheEnd checks that a scrape has at its end what a collector sent before it got stuck,
// and that late senders do not block.
func TestArrivedBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := sending(func(ch chan<- int) {
			ch <- 1
			<-release
			for range 1000 {
				ch <- 2
			}
		})
		late := sending(func(ch chan<- int) {
			ch <- 1
			go func() {
				<-release
				for range 1000 {
					ch <- 2
				}
			}()
		})
		outcomes := scrape(new(engine.Engine), timeout, stuck, late)
		wantValues(t, outcomes[0], 1)
		wantValues(t, outcomes[1], 1)
		if !errors.Is(outcomes[0].Err, context.DeadlineExceeded) || outcomes[1].Err != nil {
			t.Errorf("the runs ended with %v and %v", outcomes[0].Err, outcomes[1].Err)
		}
		close(release)
		time.Sleep(time.Hour) // All goroutines must end, which the bubble checks.
	})
}

// TestClosedChannelOfRun checks that it is an error if a collector closes the channel, and that the
// samples sent before arrive.
func TestClosedChannelOfRun(t *testing.T) {
	o := new(engine.Engine).Collect(t.Context(), jobs(sending(func(ch chan<- int) {
		ch <- 1
		close(ch)
	})))[0]
	wantValues(t, o, 1)
	if want := "the channel was closed, which only its receiver may do"; o.Err == nil || o.Err.Error() != want {
		t.Errorf("the error is %v, want %s", o.Err, want)
	}
}

// TestFewGoroutines checks that collectors that do not block share goroutines. No time passes in the
// bubble, so a busy processor cannot make a collector look slow.
func TestFewGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		var most atomic.Int64
		collectors := make([]*engine.Collector, n)
		for i := range collectors {
			collectors[i] = sending(func(ch chan<- int) {
				ch <- i
				for now := int64(runtime.NumGoroutine()); ; {
					if before := most.Load(); now <= before || most.CompareAndSwap(before, now) {
						return
					}
				}
			})
		}
		var e engine.Engine
		for range 10 { // Some other load may delay the goroutines once.
			most.Store(0)
			e.Collect(t.Context(), jobs(collectors...))
			if most.Load() < n/2 {
				return
			}
		}
		t.Errorf("there were %d goroutines for %d collectors", most.Load(), n)
	})
}

// TestChannelWithoutRun checks [engine.FromChannelOf] with the zero Running.
func TestChannelWithoutRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := new(engine.Engine).Collect(t.Context(), jobs(aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			return engine.FromChannelOf(engine.Running{}, -1, func(ch chan<- int) {
				for i := range 1000 {
					ch <- i
				}
			}, func(v int) { send(sink, float64(v)) })
		})))[0]
		if len(o.Samples) != 1000 || o.Err != nil {
			t.Errorf("%d samples came, want 1000: %v", len(o.Samples), o.Err)
		}
	})
}

// TestChannelsInOneRun checks that a run may have several channels at once, as in the run of a collector that
// reads other collectors.
func TestChannelsInOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := new(engine.Engine).Collect(t.Context(), jobs(aware(func(ctx context.Context, r engine.Running, sink engine.Sink) error {
			return engine.FromChannelOf(r, -1, func(outer chan<- int) {
				err := engine.FromChannelOf(r, -1, func(inner chan<- int) {
					for i := range 1000 {
						inner <- i
					}
				}, func(v int) { outer <- v })
				if err != nil {
					t.Error(err)
				}
			}, func(v int) { send(sink, float64(v)) })
		})))[0]
		if len(o.Samples) != 1000 || o.Err != nil {
			t.Errorf("%d samples came, want 1000: %v", len(o.Samples), o.Err)
		}
	})
}

// TestRunContext checks that the context of a run behaves like any context when others are derived from it.
func TestRunContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Minute)
		defer cancel()
		deadline, _ := ctx.Deadline()
		o := new(engine.Engine).Collect(ctx, jobs(aware(func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			if got, ok := child.Deadline(); !ok || !got.Equal(deadline.Add(-headStart)) || child.Value(key{}) != "value" {
				t.Errorf("the deadline is %v, want %v; the value is %v", got, deadline.Add(-headStart), child.Value(key{}))
			}
			<-child.Done()
			return child.Err()
		})))[0]
		if !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("the run ended with %v", o.Err)
		}
	})
}
