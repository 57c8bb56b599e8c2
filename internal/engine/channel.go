package engine

import "time"

// channelCapacity decouples a collector from the conversion of what it sends. It
// is small because every run makes a channel of its own.
const channelCapacity = 64

// FromChannel runs collect, which sends to a channel, in a goroutine of its own
// and calls each, in the goroutine of the caller, for everything that is sent. It
// returns when collect has returned and everything is handled; its error is a
// *PanicError if collect panicked. So the channel is drained for as long as
// collect runs, whether anybody still waits for the result or not.
//
// The channel belongs to this one run and is never closed: a goroutine that
// collect has left behind can send to it late without harm. What comes late is
// thrown away.
//
// end is a value that only the caller has; it marks the end in the channel.
func FromChannel[T comparable](end T, collect func(chan<- T), each func(T)) error {
	ch := make(chan T, channelCapacity)
	var err error
	goTry(func() error {
		collect(ch)
		return nil
	}, func(e error) {
		err = e // Happens before the receiver sees end.
		ch <- end
	})
	for v := range ch {
		if v == end {
			break
		}
		each(v)
	}
	drainLate(ch, firstLateDrain)
	return err
}

// Late senders are looked for at growing intervals, for about fifteen seconds
// after the last one, without holding a goroutine.
const (
	firstLateDrain = 10 * time.Millisecond
	lastLateDrain  = 15 * time.Second
)

func drainLate[T any](ch <-chan T, wait time.Duration) {
	time.AfterFunc(wait, func() {
		if drain(ch) {
			wait = firstLateDrain
		} else {
			wait *= 4
		}
		if wait < lastLateDrain {
			drainLate(ch, wait)
		}
	})
}

// drain empties ch and tells whether there was anything in it.
func drain[T any](ch <-chan T) (found bool) {
	for {
		select {
		case <-ch:
			found = true
		default:
			return found
		}
	}
}
