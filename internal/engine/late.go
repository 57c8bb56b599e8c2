package engine

import (
	"sync"
	"time"
	"unsafe"
	"weak"
)

// The engine drains the channels of runs that have ended at growing intervals, without keeping a goroutine,
// for as long as a goroutine might send to them: until the garbage collector has found that no one refers to
// them any more. Therefore runs in quick succession do not fill the memory with channels. If the engine kept
// the channels for all that time, the channels of 100 collectors that ran in a loop came to 1.4 GB after ten
// seconds, where 1 MB is left now:
//
//	go test -run '^$' -bench LateChannels -benchtime 10s ./internal/engine
//
// After about an hour, a channel is no longer drained. What is sent then fits its capacity, or blocks.
const (
	firstLateDrain = 10 * time.Millisecond
	lateLevels     = 10
)

// drainer drains the channels of an engine's runs that have ended. The zero value is ready to use. It is
// separate from the engine because the engine may become unreachable earlier.
type drainer struct {
	mu     sync.Mutex
	levels [lateLevels]lateLevel
}

// lateLevel is a list of channels that are drained together the next time. One timer per level, set when
// the first channel is added, keeps the number of timers independent of how many runs end. With a timer for
// each scrape or background run, hundreds of goroutines at a time drained a few channels each, and waited
// for the garbage collector.
type lateLevel struct {
	channels []lateChannel
	timer    *time.Timer
}

// lateChannel is a channel whose run has ended. Its drain method throws away what was sent to it, and
// reports whether it found something and whether there may be more.
type lateChannel interface{ drain() (found, more bool) }

// weakChannel is a weak reference to a channel.
type weakChannel[T any] struct{ pointer weak.Pointer[byte] }

// drainLate throws away what is sent to ch from now on. The caller must have received the last value that
// it wants.
func drainLate[T any](l *drainer, ch chan T) {
	// A channel is a pointer to memory that the runtime allocates with new.
	l.add(weakChannel[T]{weak.Make(*(**byte)(unsafe.Pointer(&ch)))})
}

func (c weakChannel[T]) drain() (found, more bool) {
	p := c.pointer.Value()
	if p == nil {
		return false, false
	}
	return drain(*(*chan T)(unsafe.Pointer(&p)))
}

func (l *drainer) add(c lateChannel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(0, c)
}

// put adds a channel to a level. It forgets a channel that has passed the last level. mu must be held.
func (l *drainer) put(level int, c lateChannel) {
	if level == lateLevels {
		return
	}
	at := &l.levels[level]
	at.channels = append(at.channels, c)
	if len(at.channels) > 1 {
		return
	}
	wait := firstLateDrain << (2 * level) // four times as long at each level
	if at.timer == nil {
		at.timer = time.AfterFunc(wait, func() { l.sweep(level) })
		return
	}
	at.timer.Reset(wait)
}

// sweep drains the channels of a level. A channel that had something in it starts again, since more may come
// soon.
func (l *drainer) sweep(level int) {
	l.mu.Lock()
	channels := l.levels[level].channels
	l.levels[level].channels = nil
	l.mu.Unlock()
	next := make([]int, len(channels))
	for i, c := range channels {
		switch found, more := c.drain(); {
		case !more:
			next[i] = lateLevels
		case !found:
			next[i] = level + 1
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range channels {
		l.put(next[i], c)
	}
}

// maxDrained is how many values are taken out of a channel at once, so that a collector that floods its
// channel does not delay the others.
const maxDrained = 10_000

// drain empties ch. It reports whether it found something, and whether ch is still open.
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
