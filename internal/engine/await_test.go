package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

var errOwn = errors.New("the collector's own error")

// misbehaving holds runs that send 1 and then end late, or only after release is closed.
var misbehaving = map[string]func(ctx context.Context, r engine.Running, release <-chan struct{}, sink engine.Sink) error{
	"sleeps": func(_ context.Context, _ engine.Running, _ <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		time.Sleep(time.Hour)
		return nil
	},
	"is stuck": func(_ context.Context, _ engine.Running, release <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		<-release
		return nil
	},
	"notices the deadline too late": func(ctx context.Context, _ engine.Running, release <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		<-release
		return ctx.Err()
	},
	"gives up without a word": func(ctx context.Context, _ engine.Running, release <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		select {
		case <-ctx.Done():
		case <-release:
		}
		return nil
	},
	"gives up for another reason": func(ctx context.Context, _ engine.Running, release <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		select {
		case <-ctx.Done():
		case <-release:
		}
		return errOwn
	},
	"is stuck and sends to a channel": func(_ context.Context, r engine.Running, release <-chan struct{}, sink engine.Sink) error {
		return engine.FromChannelOf(r, -1, func(ch chan<- int) {
			ch <- 1
			<-release
		}, func(v int) { send(sink, float64(v)) })
	},
	"blocks on a send of its own": func(_ context.Context, r engine.Running, release <-chan struct{}, sink engine.Sink) error {
		return engine.FromChannelOf(r, -1, func(ch chan<- int) {
			ch <- 1
			own := make(chan int)
			select {
			case own <- 1:
			case <-release:
			}
		}, func(v int) { send(sink, float64(v)) })
	},
	"panics too late": func(_ context.Context, _ engine.Running, release <-chan struct{}, sink engine.Sink) error {
		send(sink, 1)
		<-release
		panic("too late")
	},
}

const timeout = 10 * time.Second

// headStart is how much earlier than such a scrape the context of the collectors ends.
const headStart = 100 * time.Millisecond

// ends holds ways for a context to end after the timeout.
var ends = map[error]func() (context.Context, context.CancelFunc){
	context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), timeout)
	},
	context.Canceled: func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(timeout, cancel)
		return ctx, cancel
	},
}

// TestDeadline checks, for each way to misbehave, that the scrape returns when its context is done, that
// the error says why, and that nothing else is lost.
func TestDeadline(t *testing.T) {
	for way, run := range misbehaving {
		for want, begin := range ends {
			for kind, isShared := range kinds {
				t.Run(fmt.Sprintf("%s/%s/%v", way, kind, want), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						release := make(chan struct{})
						bad := &engine.Collector{Shared: isShared, Run: func(ctx context.Context, r engine.Running, sink engine.Sink) error {
							return run(ctx, r, release, sink)
						}}
						ctx, cancel := begin()
						defer cancel()
						testDeadline(ctx, t, bad, want)
						close(release)
						time.Sleep(2 * time.Hour) // All runs must end.
					})
				})
			}
		}
	}
}

func testDeadline(ctx context.Context, t *testing.T, bad *engine.Collector, want error) {
	good := shared(func(sink engine.Sink) error {
		send(sink, 1, 2, 3)
		time.Sleep(timeout - 1)
		send(sink, 4)
		return nil
	})
	start := time.Now()
	outcomes := new(engine.Engine).Collect(ctx, jobs(bad, good, bad))
	tookUpTo(t, start, timeout-1, lastWait+1)
	for _, o := range []engine.Outcome{outcomes[0], outcomes[2]} {
		wantValues(t, o, 1)
		if !errors.Is(o.Err, want) {
			t.Errorf("the error is %v, want %v", o.Err, want)
		}
		if o.Duration < timeout-headStart || o.Duration > timeout+lastWait {
			t.Errorf("the duration is %v, want about %v", o.Duration, timeout)
		}
	}
	wantValues(t, outcomes[1], 1, 2, 3, 4)
	if outcomes[1].Err != nil || outcomes[1].Duration != timeout-1 {
		t.Errorf("the good collector ended with %v after %v", outcomes[1].Err, outcomes[1].Duration)
	}
}

// slowSink is a sink that takes a long time to close.
type slowSink struct{ engine.Buffer }

func (s *slowSink) Close() {
	time.Sleep(time.Second)
	s.Buffer.Close()
}

// TestGivingUp checks that a scrape reports the deadline even if the run returns before it, because its
// context has ended, with an error or without one.
func TestGivingUp(t *testing.T) {
	for _, own := range []error{nil, errOwn, fmt.Errorf("query: %w", context.DeadlineExceeded)} {
		t.Run(fmt.Sprint(own), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wait := func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
					send(sink, 1)
					<-ctx.Done()
					return own
				}
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				o := new(engine.Engine).Collect(ctx, []engine.Job{
					{Collector: aware(wait), Sink: new(slowSink)},
					{Collector: aware(wait)},
				})[1]
				wantValues(t, o, 1)
				if !errors.Is(o.Err, context.DeadlineExceeded) || own != nil && !errors.Is(o.Err, own) {
					t.Errorf("ended with %v", o.Err)
				}
			})
		})
	}
}

// TestScrapeOverBefore checks that a scrape whose context has ended already starts nothing.
func TestScrapeOverBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := newBlocker(false)
	o := new(engine.Engine).Collect(ctx, jobs(c.Collector))[0]
	if !errors.Is(o.Err, context.Canceled) {
		t.Errorf("the error is %v", o.Err)
	}
	c.wantStarted(t, 0)
}

// TestOwnErrors checks that errors of collectors are passed on unchanged and cost no sample.
func TestOwnErrors(t *testing.T) {
	outcomes := new(engine.Engine).Collect(t.Context(), jobs(
		aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			send(sink, 1)
			sink.Drop(errors.New("a bad sample"))
			return errOwn
		}),
		shared(func(sink engine.Sink) error { send(sink, 2); return nil }),
	))
	wantValues(t, outcomes[0], 1)
	wantValues(t, outcomes[1], 2)
	if outcomes[0].Err != errOwn || outcomes[1].Err != nil { //nolint:errorlint // It must be the same error.
		t.Errorf("the errors are %v and %v", outcomes[0].Err, outcomes[1].Err)
	}
	if outcomes[0].Dropped.Count() != 1 || outcomes[1].Dropped.Count() != 0 {
		t.Errorf("dropped %v and %v", outcomes[0].Dropped.Errors(), outcomes[1].Dropped.Errors())
	}
}

// TestNothingToDo checks a scrape without jobs.
func TestNothingToDo(t *testing.T) {
	if outcomes := new(engine.Engine).Collect(t.Context(), nil); len(outcomes) != 0 {
		t.Errorf("got %v", outcomes)
	}
}
