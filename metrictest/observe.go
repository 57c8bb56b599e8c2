package metrictest

import (
	"context"
	"runtime/debug"
	"time"
)

// ending is how a call has ended.
type ending struct {
	hangs    bool // It has not.
	exited   bool // By runtime.Goexit.
	panicked any
	stack    []byte
	took     time.Duration
}

// watched is a call in a goroutine of its own.
type watched struct {
	start time.Time
	done  chan struct{}
	end   ending // Valid when done is closed.
}

// watch calls f in a goroutine whose descendants the tracker knows.
func (t tracker) watch(ctx context.Context, f func(context.Context)) *watched {
	w := &watched{start: time.Now(), done: make(chan struct{})}
	go t.do(ctx, func(ctx context.Context) {
		returned := false
		defer func() {
			w.end.panicked = recover()
			if w.end.panicked != nil {
				w.end.stack = debug.Stack()
			}
			w.end.exited = !returned && w.end.panicked == nil
			w.end.took = time.Since(w.start)
			close(w.done)
		}()
		f(ctx)
		returned = true
	})
	return w
}

// wait waits until the call has ended, for at most grace after ctx is done or, if it
// never is, for patience.
func (w *watched) wait(ctx context.Context, patience, grace time.Duration) ending {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	cancelled := ctx.Done()
	for {
		select {
		case <-w.done:
			return w.end
		case <-cancelled:
			cancelled = nil
			timer.Reset(grace)
		case <-timer.C:
			return ending{hangs: true}
		}
	}
}

// observation is what a call does with the channel that it is given.
type observation struct {
	ending

	sent int // How much, before it returned.

	// The following are valid at the end of the checks.
	late   int  // Received after it had returned.
	closed bool // It has closed the channel.
}

// observe calls f and receives what it sends, which goes on until the end of the
// checks: whoever sends late shall not be blocked. It calls take, unless that is nil,
// for each value, as long as the call has neither returned nor been given up, and keeps
// none. If the call hangs, take may still be under way when observe returns.
func observe[T any](ctx context.Context, c *checker, take func(T), f func(context.Context, chan<- T)) *observation {
	var (
		o    = &observation{}
		ch   = make(chan T) // Without a buffer: what is received later was sent later.
		stop = make(chan struct{})
		gone = make(chan struct{}) // Closed when the call is not waited for any more.
	)
	call := c.leaks.watch(ctx, func(ctx context.Context) { f(ctx, ch) })
	received := make(chan int, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		sent := 0
		returned, abandoned, ending, in := call.done, gone, stop, ch
		for {
			select {
			case v, open := <-in:
				switch {
				case !open:
					in = nil
					o.closed = true
				case returned == nil:
					o.late++
				case abandoned != nil: // Else nobody looks at it.
					sent++
					if take != nil {
						take(v)
					}
				}
			case <-returned:
				returned, take = nil, nil
				received <- sent
			case <-abandoned:
				abandoned, take = nil, nil
			case <-ending:
				if returned == nil {
					return
				}
				ending = nil // A run that hangs is not blocked on top of that.
			}
			if ending == nil && returned == nil {
				return
			}
		}
	}()
	o.ending = call.wait(ctx, c.patience, c.grace)
	if o.hangs {
		close(gone)
	} else {
		o.sent = <-received
	}
	c.atEnd(func() {
		close(stop)
		if !o.hangs {
			<-over
		}
	})
	return o
}

// watchChannel is observe, and reports at the end of the checks whether the channel was
// closed or came to be used late: once for each method.
func watchChannel[T any](ctx context.Context, c *checker, name string, take func(T), f func(context.Context, chan<- T)) *observation {
	o := observe(ctx, c, take, f)
	c.atEnd(func() {
		if o.hangs {
			return // Which was reported, and the receiver goes on.
		}
		if o.closed {
			c.once(name+" closed", "%s closed the channel that it was given. That belongs to whoever receives from it, and other collectors may send to it", name)
		}
		if o.late > 0 {
			c.once(name+" late", "%s has left something behind that sent to the channel after it had returned. "+
				"Nobody waits for that any more: other registries than those of this library panic or block for good", name)
		}
	})
	return o
}
