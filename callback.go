package metric

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

const (
	// callbackGrace is how long after its end a scrape still waits for the program's
	// functions, for all of them together: the failures of a scrape that has timed out are
	// logged after its deadline, and a function that does not block needs only to be
	// scheduled.
	callbackGrace = 100 * time.Millisecond
	// callbackStuckAfter is how long a call that was left behind may have run before the
	// next calls are refused. Until then they wait for it, as long as their own scrapes can:
	// a client that announces a timeout of 10 ms must not cost others their ContextFunc.
	callbackStuckAfter = time.Second
	// minCallbackWait is what a call has in any case, so that a quick one is not taken for
	// one that blocks.
	minCallbackWait = 5 * time.Millisecond
)

// errCallbackBlocked reports a function of the program that was left behind or, because
// of an earlier call, not called.
var errCallbackBlocked = errors.New("it has not returned in time")

// callbackWait bounds how long one scrape waits for the functions of the program: until the
// scrape is over, and a short grace after that. It is used by one goroutine. A nil
// callbackWait is unlimited.
type callbackWait struct {
	over <-chan struct{} // Closed when the scrape is over; nil if it has no end.
	end  time.Time       // Of the grace; zero until the scrape is found to be over.
}

func newCallbackWait(ctx context.Context) *callbackWait { return &callbackWait{over: ctx.Done()} }

func (p *callbackWait) isUnlimited() bool { return p == nil || p.over == nil }

// await waits for done and reports whether it was closed in time. Without a positive limit,
// only the end of the scrape and the grace count.
func (p *callbackWait) await(done <-chan struct{}, limit time.Duration) bool {
	var tooLong <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		tooLong = timer.C
	}
	select {
	case <-done:
		return true
	case <-tooLong:
		return false
	case <-p.over:
	}
	if p.end.IsZero() {
		p.end = time.Now().Add(callbackGrace)
	}
	grace := time.NewTimer(max(time.Until(p.end), minCallbackWait))
	defer grace.Stop()
	select {
	case <-done:
		return true
	case <-tooLong:
	case <-grace.C:
	}
	return false
}

// callback calls one function of the program, such as a hook, on behalf of scrapes that
// cannot wait for it any longer than their deadlines allow. A call runs in a goroutine of
// its own and is left behind when the scrape's patience ends. As long as a call that was
// left behind has not returned, no other one is started. So the number of goroutines never
// exceeds the number of scrapes that were under way when the function began to block.
//
// The zero value is ready, and safe for concurrent use.
type callback struct {
	mu    sync.Mutex
	left  int           // Calls that were left behind and have not returned.
	since time.Time     // When the first of them began.
	freed chan struct{} // Closed when all of them have returned.
}

// call calls f and returns its error. The error is f's own, a *PanicError, or
// errCallbackBlocked if f has not returned in time or was not called.
func (c *callback) call(p *callbackWait, f func() error) error {
	if p.isUnlimited() {
		return engine.Try(f)
	}
	if !c.enter(p) {
		return errCallbackBlocked
	}
	var (
		begun    = time.Now()
		done     = make(chan struct{})
		left     bool // Guarded by c.mu, as is returned.
		returned bool
		err      = errors.New("it has called runtime.Goexit")
	)
	go func() {
		defer close(done)
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if returned = true; left {
				c.free()
			}
		}()
		err = engine.Try(f)
	}()
	if !p.await(done, 0) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !returned {
			left = true
			c.leave(begun)
			return errCallbackBlocked
		}
	}
	return err
}

// callFor is [callback.call] for a function that has a result, which it returns, too.
func callFor[T any](c *callback, p *callbackWait, f func() (T, error)) (T, error) {
	var result T
	err := c.call(p, func() (err error) {
		result, err = f()
		return err
	})
	if err == errCallbackBlocked { //nolint:errorlint // call does not wrap it, and f's error may have an Is that panics.
		var none T // f may be about to set the result.
		return none, err
	}
	return result, err
}

// try calls f and turns a panic into an error.
func try[T any](f func() (T, error)) (result T, err error) {
	err = engine.Try(func() (err error) {
		result, err = f()
		return err
	})
	return result, err
}

// enter waits for calls that were left behind and reports whether a new one may begin.
func (c *callback) enter(p *callbackWait) bool {
	for {
		c.mu.Lock()
		if c.left == 0 {
			c.mu.Unlock()
			return true
		}
		freed, patience := c.freed, time.Until(c.since.Add(callbackStuckAfter))
		c.mu.Unlock()
		if patience <= 0 || !p.await(freed, patience) {
			return false
		}
	}
}

// leave records a call that is left behind. The mutex is held.
func (c *callback) leave(begun time.Time) {
	if c.left == 0 {
		c.since, c.freed = begun, make(chan struct{})
	}
	c.left++
}

// free records that a call that was left behind has returned. The mutex is held.
func (c *callback) free() {
	if c.left--; c.left == 0 {
		close(c.freed)
	}
}

// usableContext returns an error if a method of ctx, which the program has made, panics:
// ctx may be a nil pointer in an interface.
func usableContext(ctx context.Context) error {
	return engine.Try(func() error {
		type probe struct{}
		ctx.Done()
		ctx.Deadline()
		_ = ctx.Err()
		ctx.Value(probe{})
		return nil
	})
}
