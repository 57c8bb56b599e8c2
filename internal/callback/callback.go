package callback

import (
	"errors"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// StuckAfter is how long a call that was left behind may have run before the next calls are refused. Until
// then the next calls wait for it, as long as their own scrapes can. So a client that announces a timeout of
// 10 ms, and leaves a call of a ContextFunc behind, does not make the calls of other scrapes fail.
const StuckAfter = time.Second

// ErrBlocked reports that a user function was left behind, or that it was not called because an earlier call
// of it was left behind.
var ErrBlocked = errors.New("it has not returned in time")

// Caller calls one user function, such as a hook, for scrapes that have deadlines. Each call runs in a
// goroutine of its own. The Caller leaves a call behind when the scrape's [Allowance] is used up, and starts
// no other call until it has returned. So the number of goroutines never exceeds the number of scrapes that
// were under way when the function began to block.
//
// The zero value is ready to use, and safe for concurrent use.
type Caller struct {
	mu    sync.Mutex
	left  int           // calls that were left behind and have not returned
	since time.Time     // start of the first of them
	freed chan struct{} // closed when all of them have returned
}

// Call calls f and returns its error. The error is f's own, an *[engine.PanicError], or [ErrBlocked] if f
// has not returned in time or was not called.
func (c *Caller) Call(allowance *Allowance, f func() error) error {
	if allowance.isUnlimited() {
		return engine.Try(f)
	}
	if !c.enter(allowance) {
		return ErrBlocked
	}
	var (
		begun    = time.Now()
		done     = make(chan struct{})
		left     bool // guarded by c.mu, like returned
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
	if !allowance.await(done, 0) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !returned {
			left = true
			c.leave(begun)
			return ErrBlocked
		}
	}
	return err
}

// Call is [Caller.Call] for a function with a result. It returns that result, too.
func Call[T any](c *Caller, allowance *Allowance, f func() (T, error)) (T, error) {
	var result T
	err := c.Call(allowance, func() (err error) {
		result, err = f()
		return err
	})
	if err == ErrBlocked { //nolint:errorlint // c.Call does not wrap it, and f's error may have an Is that panics.
		var none T // f may be about to set the result.
		return none, err
	}
	return result, err
}

// Try calls f and turns a panic into an error.
func Try[T any](f func() (T, error)) (result T, err error) {
	err = engine.Try(func() (err error) {
		result, err = f()
		return err
	})
	return result, err
}

// enter waits for calls that were left behind, and reports whether a new call may begin.
func (c *Caller) enter(allowance *Allowance) bool {
	for {
		c.mu.Lock()
		if c.left == 0 {
			c.mu.Unlock()
			return true
		}
		freed, wait := c.freed, time.Until(c.since.Add(StuckAfter))
		c.mu.Unlock()
		if wait <= 0 || !allowance.await(freed, wait) {
			return false
		}
	}
}

// leave records that a call is left behind. The mutex must be held.
func (c *Caller) leave(begun time.Time) {
	if c.left == 0 {
		c.since, c.freed = begun, make(chan struct{})
	}
	c.left++
}

// free records that a call that was left behind has returned. The mutex must be held.
func (c *Caller) free() {
	if c.left--; c.left == 0 {
		close(c.freed)
	}
}
