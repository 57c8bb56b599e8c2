package engine

import (
	"errors"
	"sync"
	"sync/atomic"
)

// The capacity of a channel decouples a collector from the conversion of its metrics. Every run makes a
// channel of its own. Within these bounds, it has room for as many metrics as the collector sent last time,
// and a few more.
const (
	minCapacity   = 8
	firstCapacity = 64 // used until the collector has sent something
	maxCapacity   = 1024
)

var errClosedChannel = errors.New("the channel was closed, which only its receiver may do")

// FromChannel runs collect with a channel, and calls each for every value that it receives from the channel,
// one call at a time. It returns when collect has returned and all values are handled. The error is a
// *[PanicError] if collect or each panicked. FromChannel drains the channel for as long as collect runs, even
// if no scrape waits for the result any more.
//
// The channel belongs to this one call and is never closed: a goroutine that collect has left behind can
// still send to it without harm, and late values are thrown away. It is an error if collect closes the
// channel.
//
// end marks the end in the channel. It must be a value that only the caller has.
func FromChannel[T comparable](end T, collect func(chan<- T), each func(T)) error {
	result := make(chan error, 1)
	goTry(func() error {
		return fromChannel(&hints{late: new(drainer), waited: true}, end, collect, each)
	}, func(err error) { result <- err })
	return <-result
}

// FromChannelOf is [FromChannel] for the run that r describes. It calls collect in the run's own goroutine.
//
// If the collector sent something in its last run, no goroutine receives while the scrape is still busy
// starting other runs. By the time the scrape waits, a collector that does not block, and sends no more
// than fits into the channel, has returned, and its own goroutine handles the contents of the channel. That
// saves a second goroutine and the switches between the two; see crew for the gain.
func FromChannelOf[T comparable](r Running, end T, collect func(chan<- T), each func(T)) error {
	if r.hints == nil {
		return FromChannel(end, collect, each)
	}
	return fromChannel(r.hints, end, collect, each)
}

func fromChannel[T comparable](of *hints, end T, collect func(chan<- T), each func(T)) (err error) {
	capacity := firstCapacity
	if of.expected > 0 {
		capacity = min(max(of.expected+of.expected/8+1, minCapacity), maxCapacity)
	}
	r := &reception[T]{ch: make(chan T, capacity), end: end, each: each}
	r.receiving.Add(1)
	if of.expected > 0 {
		of.whenWaited(r)
	} else {
		r.start() // The collector may not wait for room in the channel, and discard metrics that do not fit.
	}
	defer drainLate(of.late, r.ch)
	defer func() { // also after runtime.Goexit
		if failed := r.finish(); err == nil {
			err = failed
		}
	}()
	return Try(func() error {
		collect(r.ch)
		return nil
	})
}

// reception handles the values that are sent to a channel.
type reception[T comparable] struct {
	ch        chan T
	end       T
	each      func(T)
	claimed   atomic.Bool    // claimed by the receiver: a goroutine of its own, or collect's after collect has returned
	receiving sync.WaitGroup // waits for the goroutine, if it was started
	ended     bool           // The end was received, or the channel was closed.
	err       error          // error of the goroutine
}

// start starts the goroutine that receives, unless the values are already handled otherwise.
func (r *reception[T]) start() {
	if r.claimed.CompareAndSwap(false, true) {
		go r.receive()
	}
}

func (r *reception[T]) receive() {
	defer r.receiving.Done()
	r.err = errGoexit
	// collect must be able to send in any case, even if each does not return.
	defer func() {
		for !r.ended {
			v, open := <-r.ch
			r.ended = !open || v == r.end
		}
	}()
	r.err = Try(func() error { return r.take(-1) })
}

// take handles n values or, if n is negative, all values until the end.
func (r *reception[T]) take(n int) error {
	for ; n != 0; n-- {
		v, open := <-r.ch
		if r.ended = !open || v == r.end; r.ended {
			if !open {
				return errClosedChannel
			}
			return nil
		}
		r.each(v)
	}
	return nil
}

// finish handles the remaining values when collect has returned.
func (r *reception[T]) finish() error {
	if r.claimed.CompareAndSwap(false, true) {
		return Try(func() error {
			err := r.take(len(r.ch))
			if _, open := drain(r.ch); !open {
				err = errClosedChannel
			}
			return err
		})
	}
	_ = Try(func() error { // If the channel was closed, the send panics, and the goroutine reports that.
		r.ch <- r.end
		return nil
	})
	r.receiving.Wait()
	return r.err
}
