package engine

import (
	"errors"
	"sync"
	"sync/atomic"
)

// The capacity of a channel decouples a collector from the conversion of what it sends.
// It is what the collector has sent last time and a bit more, within these bounds:
// every run makes a channel of its own.
const (
	minCapacity   = 8
	firstCapacity = 64 // As long as a collector has not sent anything yet.
	maxCapacity   = 1024
)

var errClosedChannel = errors.New("the channel was closed, which belongs to whoever receives from it")

// FromChannel runs collect, which sends to a channel, and calls each, one call at a
// time, for everything that is sent. It returns when collect has returned and everything
// is handled; its error is a *PanicError if collect or each panicked. So the channel is
// drained for as long as collect runs, whether anybody still waits for the result or not.
//
// The channel belongs to this one call and is never closed: a goroutine that
// collect has left behind can send to it late without harm. What comes late is
// thrown away. It is an error if collect closes the channel.
//
// end is a value that only the caller has; it marks the end in the channel.
func FromChannel[T comparable](end T, collect func(chan<- T), each func(T)) error {
	result := make(chan error, 1)
	goTry(func() error {
		return fromChannel(&hints{late: new(latecomers), waited: true}, end, collect, each)
	}, func(err error) { result <- err })
	return <-result
}

// FromChannelOf is FromChannel in a run that is told r, whose goroutine calls collect.
//
// If the last run has sent something, no goroutine receives as long as the scrape has
// something else to do than to wait for this run: a collector that sends no more than
// fits, and does not block, is done by then, and its own goroutine handles what the
// channel holds. So there is no second goroutine, and nothing to switch between; see
// crew for what that gains.
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
		r.start() // It may be one that does not wait for place in the channel, and gives up what does not fit.
	}
	defer drainLate(of.late, r.ch)
	defer func() { // Of runtime.Goexit, too.
		if failed := r.finish(); err == nil {
			err = failed
		}
	}()
	return Try(func() error {
		collect(r.ch)
		return nil
	})
}

// reception is what becomes of the values that are sent to a channel.
type reception[T comparable] struct {
	ch        chan T
	end       T
	each      func(T)
	claimed   atomic.Bool    // By who receives: a goroutine or, when collect has returned, its own.
	receiving sync.WaitGroup // For the goroutine, if there is one.
	ended     bool           // The end was received, or the channel was closed.
	err       error          // Of the goroutine.
}

// start starts the goroutine that receives, unless it is too late for that.
func (r *reception[T]) start() {
	if r.claimed.CompareAndSwap(false, true) {
		go r.receive()
	}
}

func (r *reception[T]) receive() {
	defer r.receiving.Done()
	r.err = errGoexit
	// In any case, each not returning included: collect must be able to send.
	defer func() {
		for !r.ended {
			v, open := <-r.ch
			r.ended = !open || v == r.end
		}
	}()
	r.err = Try(func() error { return r.take(-1) })
}

// take handles n values or, if n is negative, all until the end.
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

// finish handles what is left when collect has returned.
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
	_ = Try(func() error { // It panics if the channel was closed, which the goroutine notices.
		r.ch <- r.end
		return nil
	})
	r.receiving.Wait()
	return r.err
}
