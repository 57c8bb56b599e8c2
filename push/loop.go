package push

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/engine"
)

const (
	// grace is how long after its deadline a loop that has ended still waits for a call. A call that returns
	// at the deadline must not be reported as one that hangs.
	grace = 250 * time.Millisecond
	// timeAllowed is how long a loop without a last call waits for a call in progress.
	timeAllowed = time.Second
)

// Loop is a loop started by [Every]. It is safe for concurrent use.
//
// A Loop has one goroutine, and another one while a call is in progress, because a call that ignores its
// context must not keep the loop from ending.
type Loop struct {
	f    func(context.Context) error
	opts LoopOpts
	log  failureLog
	done chan struct{}
	err  error // result of Wait, set before done is closed

	mu      sync.Mutex
	account account
}

// call is one call of the function.
type call struct {
	done chan struct{}
	err  error // set before done is closed
}

// Done returns a channel that is closed when the loop has ended, after the last call.
func (l *Loop) Done() <-chan struct{} { return l.done }

// Wait waits until the loop has ended and returns the error of the last call. A loop ends only after its
// context is done. If a call does not return within [LoopOpts].FlushTimeout, or within a second if that is
// negative, the loop ends without it, and Wait returns an error that wraps metric.ErrStillRunning.
func (l *Loop) Wait() error {
	<-l.done
	return l.err
}

// run is the loop.
func (l *Loop) run(ctx context.Context, hide func()) {
	defer close(l.done)
	defer hide()
	underWay := l.repeat(ctx)
	l.err = l.finish(ctx, underWay)
}

// repeat makes calls until ctx ends. It returns the call that is in progress at that time, or nil.
func (l *Loop) repeat(ctx context.Context) *call {
	s := schedule{tick: time.Now(), interval: l.opts.Interval, jitter: time.Duration(l.opts.Jitter * float64(l.opts.Interval))}
	for l.sleep(ctx, s.shifted()) {
		c := l.start(ctx, l.opts.Timeout)
		select {
		case <-c.done:
		case <-ctx.Done():
			return c
		}
		l.log.note(ctx, c.err)
		l.skip(s.advance(time.Now()))
	}
	return nil
}

// sleep waits until a call is due. It returns false if ctx ends first.
func (l *Loop) sleep(ctx context.Context, until time.Time) bool {
	l.await(until)
	defer l.await(time.Time{})
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// finish waits for the call in progress, makes the last call and returns its error.
func (l *Loop) finish(ctx context.Context, underWay *call) error {
	limit := l.opts.FlushTimeout
	if limit < 0 {
		limit = timeAllowed
	}
	deadline := time.Now().Add(limit)
	expired := time.NewTimer(limit + grace)
	defer expired.Stop()
	if underWay != nil {
		if !underWay.returns(expired) {
			return l.stuck(limit)
		}
		l.log.note(ctx, underWay.err)
	}
	if l.opts.FlushTimeout < 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	last := l.start(ctx, time.Until(deadline))
	if !last.returns(expired) {
		return l.stuck(limit)
	}
	l.log.note(ctx, last.err)
	return last.err
}

// returns reports whether the call returns before the timer expires.
func (c *call) returns(expired *time.Timer) bool {
	select {
	case <-c.done:
		return true
	case <-expired.C:
		return false
	}
}

// stuck returns the error for a loop that ends without waiting longer for a call.
func (l *Loop) stuck(limit time.Duration) error {
	return fmt.Errorf("push %q: a call has not returned within %v after the end of its loop: %w", l.opts.Name, limit, metric.ErrStillRunning)
}

// start starts a call whose context ends with ctx or after timeout.
func (l *Loop) start(ctx context.Context, timeout time.Duration) *call {
	c := &call{done: make(chan struct{}), err: errGoexit}
	l.begin(timeout)
	go func() {
		defer close(c.done)
		defer func() { l.end(ctx, c.err) }()
		limited, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		c.err = engine.Try(func() error { return l.f(limited) })
	}()
	return c
}

// isEnd reports whether a call under ctx failed with err, of the given kind, only because ctx has ended.
// Such an error does not count as a failure. isEnd calls methods of err, which is user code, so it must not
// be called with a lock held.
func isEnd(ctx context.Context, err error, kind engine.Kind) bool {
	if ctx.Err() == nil {
		return false
	}
	ended := kind == engine.KindCanceled || kind == engine.KindTimeout
	if kind == engine.KindError { // net/http returns the cause, which may be any error.
		_ = engine.Try(func() error {
			ended = errors.Is(err, context.Cause(ctx))
			return nil
		})
	}
	return ended
}

var errGoexit = errors.New("the function called runtime.Goexit")

// schedule computes when calls are due. Its ticks are multiples of the interval after the start, each
// shifted by a random part of the jitter.
type schedule struct {
	tick             time.Time
	interval, jitter time.Duration
}

// advance moves to the next tick or, if later ticks have passed, to the last of them. It returns how many
// ticks it left out.
func (s *schedule) advance(now time.Time) (skipped uint64) {
	s.tick = s.tick.Add(s.interval)
	if late := now.Sub(s.tick); late >= s.interval {
		skipped = uint64(late / s.interval)
		s.tick = s.tick.Add(late.Truncate(s.interval))
	}
	return skipped
}

// shifted returns the time at which the call of the current tick is due.
func (s *schedule) shifted() time.Time {
	if s.jitter <= 0 {
		return s.tick
	}
	return s.tick.Add(rand.N(s.jitter))
}
