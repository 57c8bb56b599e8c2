package engine_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// ways holds the ways to receive from a channel: outside of a run, in a run that its scrape waits for from
// the beginning, and in a run whose scrape has others to start.
var ways = map[string]func(collect func(chan<- int), each func(int)) error{
	"alone":        func(collect func(chan<- int), each func(int)) error { return engine.FromChannel(-1, collect, each) },
	"in a run":     func(collect func(chan<- int), each func(int)) error { return inRun(0, collect, each) },
	"among others": func(collect func(chan<- int), each func(int)) error { return inRun(3, collect, each) },
}

// inRun receives from a channel in a run that is started before some others.
func inRun(others int, collect func(chan<- int), each func(int)) error {
	collectors := []*engine.Collector{{Shared: true, Run: func(ctx context.Context, r engine.Running, _ engine.Sink) error {
		return engine.FromChannelOf(r, -1, collect, each)
	}}}
	for range others {
		collectors = append(collectors, shared(func(engine.Sink) error { return nil }))
	}
	return new(engine.Engine).Collect(context.Background(), jobs(collectors...))[0].Err
}

// inAllWays runs a test in a bubble for each way.
func inAllWays(t *testing.T, test func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error)) {
	t.Helper()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, way) })
		})
	}
}

// TestFromChannel checks that all values arrive, in their order.
func TestFromChannel(t *testing.T) {
	inAllWays(t, func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error) {
		for _, n := range []int{0, 1, 7, 8, 9, 1000, 5000} {
			var got []int
			err := fromChannel(func(ch chan<- int) {
				for i := range n {
					ch <- i
				}
			}, func(v int) { got = append(got, v) })
			if err != nil || len(got) != n || !slices.IsSorted(got) {
				t.Errorf("of %d values, %d came, %v: %v", n, len(got), got, err)
			}
		}
	})
}

// TestSenderThatDoesNotWait checks a collector that sends only if the channel has room: it loses no value
// in the first run or in the next one.
func TestSenderThatDoesNotWait(t *testing.T) {
	const n = 60
	var e engine.Engine
	c := sending(func(ch chan<- int) {
		for i := range n {
			select {
			case ch <- i:
			default:
			}
		}
	})
	for range 3 {
		if o := e.Collect(t.Context(), jobs(c, quick()))[0]; len(o.Samples) != n {
			t.Errorf("%d of %d arrived", len(o.Samples), n)
		}
	}
}

// TestFromChannelWaits checks that collect has returned when FromChannel does.
func TestFromChannelWaits(t *testing.T) {
	inAllWays(t, func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error) {
		returned := false
		err := fromChannel(func(ch chan<- int) {
			ch <- 1
			time.Sleep(time.Minute)
			returned = true
		}, func(int) {})
		if !returned || err != nil {
			t.Errorf("collect has returned: %v; %v", returned, err)
		}
	})
}

// uncomparable is a value that panics when it is compared with itself.
type uncomparable []int

// TestUncomparableValues checks that the end is recognized among values of any kind.
func TestUncomparableValues(t *testing.T) {
	got := 0
	err := engine.FromChannel[any](new(int), func(ch chan<- any) {
		ch <- uncomparable{1}
		ch <- nil
		ch <- new(int)
	}, func(any) { got++ })
	if got != 3 || err != nil {
		t.Errorf("%d values came, want 3: %v", got, err)
	}
}

// TestClosedChannel checks that it is an error if collect closes the channel.
func TestClosedChannel(t *testing.T) {
	for name, test := range map[string]struct {
		after func(ch chan<- int)
		want  string
	}{
		"and returns":      {func(chan<- int) {}, "the channel was closed, which only its receiver may do"},
		"and goes on":      {func(chan<- int) { time.Sleep(time.Minute) }, "the channel was closed, which only its receiver may do"},
		"and sends":        {func(ch chan<- int) { ch <- 2 }, "panic: send on closed channel"},
		"and closes again": {func(ch chan<- int) { close(ch) }, "panic: close of closed channel"},
	} {
		t.Run(name, func(t *testing.T) {
			inAllWays(t, func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error) {
				var got []int
				returned := false
				err := fromChannel(func(ch chan<- int) {
					defer func() { returned = true }()
					ch <- 1
					close(ch)
					test.after(ch)
				}, func(v int) { got = append(got, v) })
				if !slices.Equal(got, []int{1}) || !returned {
					t.Errorf("got %v, collect has returned: %v", got, returned)
				}
				if err == nil || err.Error() != test.want {
					t.Errorf("the error is %v, want %s", err, test.want)
				}
				time.Sleep(time.Minute) // No goroutine may spin on the channel.
			})
		})
	}
}

// TestLateSends checks that values sent after the end reach no scrape, and that their senders do not
// block forever.
func TestLateSends(t *testing.T) {
	for name, late := range map[string]func(ch chan<- int){
		"at once": func(chan<- int) {},
		"later":   func(chan<- int) { time.Sleep(time.Minute) },
		"in two bursts": func(ch chan<- int) {
			for i := range 1000 {
				ch <- i
			}
			time.Sleep(10 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inAllWays(t, func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error) {
				const senders = 3
				var (
					got    atomic.Int32
					others sync.WaitGroup
					start  = make(chan struct{})
				)
				err := fromChannel(func(ch chan<- int) {
					ch <- 1
					for range senders {
						others.Go(func() {
							<-start
							late(ch)
							for i := range 1000 { // many more than fit
								ch <- i
							}
						})
					}
				}, func(int) { got.Add(1) })
				close(start)
				others.Wait() // If a sender is blocked, this blocks, which the bubble reports.
				time.Sleep(time.Hour)
				if err != nil || got.Load() != 1 {
					t.Errorf("%d values came, want 1: %v", got.Load(), err)
				}
			})
		})
	}
}

// BenchmarkLateChannels reports how much memory remains in use for the channels of 100 collectors that have
// run again and again.
func BenchmarkLateChannels(b *testing.B) {
	var (
		e   engine.Engine
		all []*engine.Collector
	)
	for range 100 {
		all = append(all, &engine.Collector{Shared: true, Run: func(_ context.Context, r engine.Running, _ engine.Sink) error {
			return engine.FromChannelOf(r, -1, func(ch chan<- int) { ch <- 1 }, func(int) {})
		}})
	}
	for b.Loop() {
		e.Collect(b.Context(), jobs(all...))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MB-left")
}

// TestLateClose checks that a goroutine that wrongly closes the channel late does no harm.
func TestLateClose(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		start := make(chan struct{})
		_ = engine.FromChannel(-1, func(ch chan<- int) {
			go func() {
				<-start
				ch <- 1
				close(ch)
			}()
		}, func(int) {})
		close(start)
		time.Sleep(time.Hour) // No goroutine may spin on the channel.
	})
}

// TestChannelIsFreed checks that a channel is freed when no goroutine can send to it any more.
func TestChannelIsFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // In a bubble, the time to drain it never comes.
		var (
			freed atomic.Bool
			start = make(chan struct{})
		)
		_ = engine.FromChannel(nil, func(ch chan<- *[100]byte) {
			value := new([100]byte)
			runtime.AddCleanup(value, func(freed *atomic.Bool) { freed.Store(true) }, &freed)
			go func() {
				<-start
				ch <- value
			}()
		}, func(*[100]byte) {})
		close(start)
		for range 1000 {
			if freed.Load() {
				return
			}
			runtime.GC()
			runtime.Gosched()
		}
		t.Error("what was sent late is still there")
	})
}

// TestEachMustReturn checks that a panic of the receiver does not block the sender.
func TestEachMustReturn(t *testing.T) {
	inAllWays(t, func(t *testing.T, fromChannel func(collect func(chan<- int), each func(int)) error) {
		sent := 0
		err := fromChannel(func(ch chan<- int) {
			for i := range 1000 {
				ch <- i
				sent++
			}
		}, func(int) { panic(errOwn) })
		var panicked *engine.PanicError
		if !errors.Is(err, errOwn) || !errors.As(err, &panicked) || sent != 1000 {
			t.Errorf("%d values were sent: %v", sent, err)
		}
	})
}
