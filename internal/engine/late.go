package engine

import (
	"slices"
	"sync"
	"time"
	"unsafe"
	"weak"
)

// The channels of runs that have ended are looked after at growing intervals, without
// holding a goroutine, for as long as somebody might send to them: until the garbage
// collector has found that nobody has them any more. So runs in quick succession do
// not fill the memory with channels. After an hour, whoever has not sent anything
// yet is left to the channel's capacity.
const (
	firstLateDrain = 10 * time.Millisecond
	lastLateDrain  = time.Hour
)

// latecomers looks after the channels of one scrape's runs. Those of runs that end within
// a few milliseconds share a timer: to have one for each, and the goroutine that it
// starts, was a twentieth of a scrape of 100 collectors. The zero value is ready.
type latecomers struct {
	mu  sync.Mutex
	now *lateBatch // Of the runs that end now.
}

// lateBatch is channels that are looked after together.
type lateBatch struct{ channels []lateChannel }

// lateChannel is a channel whose run has ended. drain throws away what was sent to it.
// It reports whether there was anything, and whether there may be more.
type lateChannel interface{ drain() (found, more bool) }

// weakChannel is a channel of which it is not known whether anybody has it.
type weakChannel[T any] struct{ pointer weak.Pointer[byte] }

// drainLate throws away what is sent to ch from now on. The caller must have
// received the last value that it wants.
func drainLate[T any](l *latecomers, ch chan T) {
	// A channel is a pointer, to what the runtime allocates with new.
	l.add(weakChannel[T]{weak.Make(*(**byte)(unsafe.Pointer(&ch)))})
}

func (c weakChannel[T]) drain() (found, more bool) {
	p := c.pointer.Value()
	if p == nil {
		return false, false
	}
	return drain(*(*chan T)(unsafe.Pointer(&p)))
}

func (l *latecomers) add(c lateChannel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		b := new(lateBatch)
		l.now = b
		time.AfterFunc(firstLateDrain, func() {
			l.mu.Lock()
			l.now = nil // From now on, nobody else has b.
			l.mu.Unlock()
			b.drain(firstLateDrain)
		})
	}
	l.now.channels = append(l.now.channels, c)
}

// drain looks after the channels, for the first time or after a wait.
func (b *lateBatch) drain(waited time.Duration) {
	late := false
	b.channels = slices.DeleteFunc(b.channels, func(c lateChannel) bool {
		found, more := c.drain()
		late = late || found
		return !more
	})
	wait := 4 * waited
	if late {
		wait = firstLateDrain
	}
	if len(b.channels) > 0 && wait < lastLateDrain {
		time.AfterFunc(wait, func() { b.drain(wait) })
	}
}

// maxDrained is how many values are taken out of a channel at once: whoever floods one
// must not keep others from being looked after.
const maxDrained = 10_000

// drain empties ch. It reports whether there was anything in it, and whether it is
// still open.
func drain[T any](ch <-chan T) (found, open bool) {
	for range maxDrained {
		select {
		case _, open := <-ch:
			if !open {
				return found, false
			}
			found = true
		default:
			return found, true
		}
	}
	return found, true
}
