package metrictest

import (
	"context"
	"runtime/debug"
	"time"
)

// ending describes how a call ended.
type ending struct {
	hangs    bool // The call has not ended.
	exited   bool // The call ended by runtime.Goexit.
	panicked any
	stack    []byte
	took     time.Duration
}

// watched is a call in its own goroutine.
type watched struct {
	start time.Time
	done  chan struct{}
	end   ending // valid when done is closed
}

// watch calls f in a goroutine whose descendants the tracker can find.
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

// wait waits until the call has ended. It waits for at most grace after ctx is done or, if ctx is never
// done, for at most patience.
func (w *watched) wait(ctx context.Context, patience, grace time.Duration) ending {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	canceled := ctx.Done()
	for {
		select {
		case <-w.done:
			return w.end
		case <-canceled:
			canceled = nil
			timer.Reset(grace)
		case <-timer.C:
			return ending{hangs: true}
		}
	}
}

// observation records what a call does with its channel.
type observation struct {
	ending

	sent int // number of values sent before the call returned

	// The following fields are valid at the end of the checks.
	late   int  // number of values received after the call returned
	closed bool // whether the call has closed the channel
}

// observe calls f and receives the values that it sends until the end of the checks, so that late senders
// are not blocked. Unless take is nil, observe calls it for each value while the call is awaited and has
// not returned. It retains no value. If the call hangs, take may still be running when observe returns.
func observe[T any](ctx context.Context, c *checker, take func(T), f func(context.Context, chan<- T)) *observation {
	var (
		o    = &observation{}
		ch   = make(chan T) // unbuffered, so that a value received later was sent later
		stop = make(chan struct{})
		gone = make(chan struct{}) // closed when the call is no longer awaited
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
				case abandoned != nil: // Otherwise its result is not used.
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
				ending = nil // The run hangs. From now on, it must not be blocked by its channel.
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

// watchChannel is like observe. At the end of the checks, it also reports, once per method, whether the
// channel was closed or was used late.
func watchChannel[T any](ctx context.Context, c *checker, name string, take func(T), f func(context.Context, chan<- T)) *observation {
	o := observe(ctx, c, take, f)
	c.atEnd(func() {
		if o.hangs {
			return // The hang was reported, and the receiver continues.
		}
		if o.closed {
			c.once(name+" closed", "%s closed the channel that it was given. The channel belongs to its receiver, and other collectors may send to it", name)
		}
		if o.late > 0 {
			c.once(name+" late", "%s left a goroutine behind that sent to the channel after it had returned. "+
				"With registries other than those of this library, such a late send panics or blocks forever", name)
		}
	})
	return o
}
