package engine_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// slow returns a collector that sends 1, takes 100 ms regardless of its context, and sends 2.
func slow(isShared bool, policy *engine.Policy) *engine.Collector {
	return &engine.Collector{Shared: isShared, Gate: engine.NewGate(policy), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
		send(sink, 1)
		time.Sleep(100 * time.Millisecond)
		send(sink, 2)
		return nil
	}}
}

// impatient is a timeout that no collector of these tests can keep.
const impatient = 10 * time.Millisecond

// TestImpatientScrapes checks that scrapes that allow a collector too little time cost other scrapes
// nothing, whether they end by a deadline or are canceled.
func TestImpatientScrapes(t *testing.T) {
	for kind, isShared := range kinds {
		for end, begin := range map[string]func() (context.Context, context.CancelFunc){
			"deadline": func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), impatient)
			},
			"canceled": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(impatient, cancel)
				return ctx, cancel
			},
		} {
			for name, policy := range map[string]func() *engine.Policy{
				"no policy": func() *engine.Policy { return nil },
				"breaker":   func() *engine.Policy { return &engine.Policy{Breaker: engine.NewBreaker(2, time.Hour)} },
				"cache":     func() *engine.Policy { return &engine.Policy{Cache: time.Millisecond} },
			} {
				t.Run(kind+"/"+end+"/"+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var e engine.Engine
						c := slow(isShared, policy())
						attack, stop := context.WithCancel(t.Context())
						done := make(chan struct{})
						go func() {
							defer close(done)
							for attack.Err() == nil {
								ctx, cancel := begin()
								e.Collect(ctx, jobs(c))
								cancel()
								time.Sleep(3 * time.Millisecond)
							}
						}()
						time.Sleep(time.Second)
						for i := range 40 {
							o := scrape(&e, 10*time.Second, c)[0]
							if o.Err != nil {
								t.Fatalf("patient scrape %d ended with %v", i, o.Err)
							}
							wantValues(t, o, 1, 2)
							time.Sleep(77 * time.Millisecond)
						}
						stop()
						<-done
						time.Sleep(time.Second)
					})
				})
			}
		}
	}
}

// TestImpatientScrapesFirst checks that a breaker stays closed if all scrapes so far allowed too little
// time, and opens if the time was enough.
func TestImpatientScrapesFirst(t *testing.T) {
	for kind, isShared := range kinds {
		for name, test := range map[string]struct {
			timeAllowed time.Duration
			want        engine.BreakerState
		}{
			"impatient": {impatient, engine.BreakerClosed},
			"patient":   {time.Second, engine.BreakerOpen},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var e engine.Engine
					c := &engine.Collector{
						Shared: isShared,
						Gate:   engine.NewGate(&engine.Policy{Breaker: engine.NewBreaker(3, time.Hour)}),
						Run: func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
							if isShared {
								time.Sleep(5 * time.Second)
								return nil
							}
							<-ctx.Done()
							return ctx.Err()
						},
					}
					for range 5 {
						scrape(&e, test.timeAllowed, c)
						if !isShared {
							continue
						}
						if test.want == engine.BreakerOpen {
							break // The last run was good, but the state before counts.
						}
						time.Sleep(10 * time.Second)
					}
					want := test.want
					if isShared && want == engine.BreakerOpen {
						want = engine.BreakerClosed // One failure is not enough.
					}
					if got := e.Stats([]*engine.Collector{c})[0].Breaker; got != want {
						t.Errorf("the breaker is in state %v, want %v", got, want)
					}
					time.Sleep(10 * time.Second)
				})
			})
		}
	}
}

// TestShorterThanOthers checks that a scrape that allows much less time than others does not judge a
// collector that takes longer than that.
func TestShorterThanOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(4 * time.Second):
				send(sink, 1)
				return nil
			}
		})
		c.Gate = engine.NewGate(&engine.Policy{Breaker: engine.NewBreaker(2, time.Hour)})
		for range 3 {
			wantValues(t, scrape(&e, 10*time.Second, c)[0], 1)
			for range 5 {
				scrape(&e, time.Second, c)
			}
		}
		// When no scrape has allowed more time for long enough, the short timeout becomes the measure.
		for range 5 {
			time.Sleep(10 * time.Minute)
			scrape(&e, time.Second, c)
		}
		if o := scrape(&e, 10*time.Second, c)[0]; !errors.Is(o.Err, engine.ErrBreakerOpen) {
			t.Errorf("when all give it a second: %v", o.Err)
		}
	})
}

// TestImpatientDoesNotPreempt checks a scrape that has no time to wait for its turn: it must not end the
// runs of other scrapes that write to their clients.
func TestImpatientDoesNotPreempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := slow(false, nil)
		sinks := []*ownSink{newOwnSink(), newOwnSink()}
		outcomes := make(chan engine.Outcome, len(sinks))
		for _, sink := range sinks {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				outcomes <- e.Collect(ctx, []engine.Job{{Collector: c, Sink: sink}})[0]
			}()
		}
		synctest.Wait()
		for range 5 {
			scrape(&e, impatient, c)
		}
		for range sinks {
			if o := <-outcomes; o.Err != nil {
				t.Errorf("ended with %v", o.Err)
			}
		}
		for _, sink := range sinks {
			if n := sink.samples.Load(); n != 2 {
				t.Errorf("the client has got %d samples, want 2", n)
			}
		}
	})
}

// TestLastWords checks a run that sends samples when its context ends: the scrape serves these samples and
// waits for the run to return, and the next scrape does not find the run stuck.
func TestLastWords(t *testing.T) {
	for name, test := range map[string]struct {
		timeout, limit, late time.Duration
	}{
		"deadline":                         {timeout: 10 * time.Second},
		"short deadline":                   {timeout: 50 * time.Millisecond},
		"deadline, takes a while":          {timeout: 10 * time.Second, late: 80 * time.Millisecond},
		"own limit":                        {timeout: 10 * time.Second, limit: time.Second},
		"own limit, takes a while":         {timeout: 10 * time.Second, limit: 2 * time.Second, late: 1900 * time.Millisecond},
		"short own limit, takes a while":   {timeout: 10 * time.Second, limit: 50 * time.Millisecond, late: 900 * time.Millisecond},
		"no deadline, own limit":           {limit: time.Second},
		"no deadline, own limit and a bit": {limit: time.Second, late: 500 * time.Millisecond},
		"canceled, and speaks immediately": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					e     engine.Engine
					first = true
				)
				c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
					if first {
						first = false
						<-ctx.Done()
						time.Sleep(test.late)
					}
					send(sink, 1)
					return nil
				})
				if test.limit > 0 {
					c.Gate = engine.NewGate(&engine.Policy{Timeout: test.limit})
				}
				ctx, cancel := context.WithCancel(t.Context())
				want := context.DeadlineExceeded
				switch {
				case test.timeout > 0:
					ctx, cancel = context.WithTimeout(t.Context(), test.timeout)
				case test.limit == 0:
					time.AfterFunc(time.Second, cancel)
					want = context.Canceled
				}
				o := e.Collect(ctx, jobs(c))[0]
				cancel()
				wantValues(t, o, 1)
				if !errors.Is(o.Err, want) {
					t.Errorf("ended with %v, want %v", o.Err, want)
				}
				start := time.Now()
				if o = scrape(&e, time.Second, c)[0]; o.Err != nil {
					t.Errorf("the next scrape ended with %v", o.Err)
				}
				wantValues(t, o, 1)
				took(t, start, 0)
			})
		})
	}
}

// TestReturnsSoonAfterDeadline checks that a run that returns a moment after its scrape costs the next
// scrape nothing, even if the next scrape follows at once.
func TestReturnsSoonAfterDeadline(t *testing.T) {
	bothKinds(t, func(t *testing.T, c *blocker) {
		var e engine.Engine
		for range 20 {
			start := time.Now()
			inner := &engine.Collector{Shared: c.Shared, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				if time.Since(start) < time.Second {
					time.Sleep(time.Second + 2*time.Millisecond)
				}
				send(sink, 1)
				return nil
			}}
			if o := scrape(&e, time.Second, inner)[0]; !errors.Is(o.Err, context.DeadlineExceeded) {
				t.Errorf("ended with %v", o.Err)
			}
			o := scrape(&e, time.Second, inner)[0]
			wantValues(t, o, 1)
			if o.Err != nil {
				t.Errorf("the next scrape ended with %v", o.Err)
			}
		}
		c.open()
	})
}

// TestUnattendedRun checks that a run that never stops sending is bounded after the end of its scrape, and
// the outcomes of later scrapes.
func TestUnattendedRun(t *testing.T) {
	for name, policy := range map[string]*engine.Policy{
		"cache": {Cache: time.Hour}, "stale": {Stale: time.Hour}, "no policy": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var (
				e        engine.Engine
				large    = model.Point{Labels: model.RawLabels(`a="`+strings.Repeat("x", 4<<20)+`"`, false)}
				released atomic.Bool
				refused  = make(chan struct{})
				started  = make(chan struct{})
			)
			c := &engine.Collector{Shared: true, Gate: engine.NewGate(policy), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				close(started)
				for !released.Load() {
					if err := sink.Sample(family, &large); err != nil {
						close(refused)
						return err
					}
				}
				return nil
			}}
			ctx, cancel := context.WithCancel(t.Context())
			out := inBackground(ctx, &e, c)
			<-started
			cancel()
			<-out
			select {
			case <-refused:
			case <-time.After(time.Minute):
				t.Error("it goes on and on")
			}
			released.Store(true)
			for e.IsRunning(c) {
				runtime.Gosched()
			}
			if policy == nil {
				return
			}
			if stats := e.Stats([]*engine.Collector{c})[0]; !stats.LastGood.IsZero() {
				t.Error("an incomplete result was kept")
			}
		})
	}
}

// TestFlood checks that a scrape stops listening early enough before its deadline to write what has
// arrived.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs processors that are not emulated")
	}
	var e engine.Engine
	flood := func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
		for ctx.Err() == nil {
			if err := sink.Sample(family, &model.Point{}); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	good := shared(func(sink engine.Sink) error { send(sink, 1); return nil })
	engine.Measured(1<<20, time.Hour) // slower than any real machine
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	deadline, _ := ctx.Deadline()
	outcomes := e.Collect(ctx, jobs(aware(flood), good))
	left, n := time.Until(deadline), len(outcomes[0].Samples)
	if need := time.Duration(n) * engine.Pace() / 4; left < need {
		t.Errorf("%v are left for %d samples, want at least %v", left, n, need)
	}
	if !errors.Is(outcomes[0].Err, context.DeadlineExceeded) {
		t.Errorf("the flood ended with %v", outcomes[0].Err)
	}
	wantValues(t, outcomes[1], 1)
}

// hostileError runs a function in all its methods.
type hostileError struct{ do func() }

func (e *hostileError) Error() string   { e.do(); return "hostile" }
func (e *hostileError) Is(error) bool   { e.do(); return false }
func (e *hostileError) As(any) bool     { e.do(); return false }
func (e *hostileError) Unwrap() []error { e.do(); return nil }

// hostileContext runs a function in all its methods.
type hostileContext struct {
	context.Context //nolint:containedctx // It is one.

	do func()
}

func (c *hostileContext) Value(key any) any           { c.do(); return c.Context.Value(key) }
func (c *hostileContext) Err() error                  { c.do(); return c.Context.Err() }
func (c *hostileContext) Deadline() (time.Time, bool) { c.do(); return c.Context.Deadline() }
func (c *hostileContext) Done() <-chan struct{}       { c.do(); return c.Context.Done() }

// TestNoLockWhileOthersRun checks that errors and contexts may call the engine, because it holds no lock
// when it calls them.
func TestNoLockWhileOthersRun(t *testing.T) {
	policies := map[string]func() *engine.Policy{
		"no policy": func() *engine.Policy { return nil },
		"all": func() *engine.Policy {
			return &engine.Policy{Breaker: engine.NewBreaker(1, time.Nanosecond), Timeout: 200 * time.Millisecond, Stale: time.Hour, Group: engine.NewGroup(1)}
		},
		"timeout": func() *engine.Policy { return &engine.Policy{Timeout: 200 * time.Millisecond} },
	}
	for name, policy := range policies {
		for kind, isShared := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				e := engine.Engine{Concurrency: 1}
				var list []*engine.Collector
				ask := func() { e.Stats(list) }
				for i := range 3 {
					list = append(list, &engine.Collector{Shared: isShared, Gate: engine.NewGate(policy()), Run: func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
						if i == 0 {
							select {
							case <-ctx.Done():
							case <-time.After(700 * time.Millisecond):
							}
						}
						return &hostileError{ask}
					}})
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					for range 2 {
						ctx, cancel := context.WithTimeout(&hostileContext{context.Background(), ask}, 500*time.Millisecond)
						e.Collect(&hostileContext{ctx, ask}, jobs(list...))
						cancel()
					}
				}()
				select {
				case <-done:
				case <-time.After(time.Minute):
					t.Fatal("deadlock")
				}
				for e.IsRunning(list[0]) {
					time.Sleep(time.Millisecond)
				}
			})
		}
	}
}

// TestErrorThatPanicsLater checks that an error whose methods panic for some arguments costs only its
// collector.
func TestErrorThatPanicsLater(t *testing.T) {
	var armed atomic.Bool
	bad := &hostileError{func() {
		if armed.Load() {
			panic("do not ask me")
		}
	}}
	var e engine.Engine
	outcomes := e.Collect(t.Context(), jobs(shared(func(engine.Sink) error { return bad }), quick()))
	wantValues(t, outcomes[1], 1)
	armed.Store(true)
	if kind := engine.KindOf(outcomes[0].Err); kind != engine.KindError {
		t.Errorf("it is of kind %v", kind)
	}
}
