package engine

import (
	"errors"
	"sync"
)

// channelCapacity decouples a collector from the conversion of what it sends. It
// is small because every run makes a channel of its own.
const channelCapacity = 64

var errClosedChannel = errors.New("the channel was closed, which belongs to whoever receives from it")

// FromChannel runs collect, which sends to a channel, in a goroutine of its own
// and calls each, in the goroutine of the caller, for everything that is sent. It
// returns when collect has returned and everything is handled; its error is a
// *PanicError if collect panicked. So the channel is drained for as long as
// collect runs, whether anybody still waits for the result or not.
//
// The channel belongs to this one run and is never closed: a goroutine that
// collect has left behind can send to it late without harm. What comes late is
// thrown away. It is an error if collect closes the channel.
//
// end is a value that only the caller has; it marks the end in the channel.
func FromChannel[T comparable](end T, collect func(chan<- T), each func(T)) error {
	ch := make(chan T, channelCapacity)
	var run struct { // One piece of memory for what the goroutines share.
		err        error
		collecting sync.WaitGroup // Only needed if there is no end to be received.
	}
	run.collecting.Add(1)
	goTry(func() error {
		collect(ch)
		return nil
	}, func(err error) {
		defer run.collecting.Done()
		run.err = err // Happens before the receiver sees end.
		if Try(func() error { ch <- end; return nil }) != nil && err == nil {
			run.err = errClosedChannel
		}
	})
	ended := false
	// In any case, each not returning included: collect must be able to send.
	defer func() {
		for !ended {
			v, open := <-ch
			ended = !open || v == end
		}
		drainLate(ch, firstLateDrain)
	}()
	for v := range ch {
		if ended = v == end; ended {
			return run.err
		}
		each(v)
	}
	ended = true
	run.collecting.Wait()
	return run.err
}
