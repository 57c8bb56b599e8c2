package engine

import (
	"sync"
	"time"
	"unsafe"
	"weak"
)

// The channels of runs that have ended are looked after at growing intervals, without
// holding a goroutine, for as long as somebody might send to them: until the garbage
// collector has found that nobody has them any more. So runs in quick succession do
// not fill the memory with channels: kept for as long as that, those of 100 collectors that
// ran in a loop came to 1.4 GB after ten seconds, where 1 MB is left:
//
//	go test -run '^$' -bench LateChannels -benchtime 10s ./internal/engine
//
// After about an hour, a channel is no longer drained: what is sent then fits its capacity, or
// blocks.
const (
	firstLateDrain = 10 * time.Millisecond
	lateLevels     = 10
)

// latecomers looks after the channels of an engine's runs. The zero value is ready. It is
// apart from the engine, which may end before.
type latecomers struct {
	mu     sync.Mutex
	levels [lateLevels]lateLevel
}

// lateLevel is channels that are looked at the next time together, by one timer: it is set when
// there is a first one. So the number of timers does not depend on how many runs end. With
// a timer for each scrape or background run, hundreds of goroutines at a time looked after a few
// channels each, and waited for the garbage collector.
type lateLevel struct {
	channels []lateChannel
	timer    *time.Timer
}

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
	l.put(0, c)
}

// put adds a channel to a level. Behind the last one it is forgotten. The mutex is held.
func (l *latecomers) put(level int, c lateChannel) {
	if level == lateLevels {
		return
	}
	at := &l.levels[level]
	at.channels = append(at.channels, c)
	if len(at.channels) > 1 {
		return
	}
	wait := firstLateDrain << (2 * level) // Each time four times as long.
	if at.timer == nil {
		at.timer = time.AfterFunc(wait, func() { l.look(level) })
		return
	}
	at.timer.Reset(wait)
}

// look drains the channels of a level. Where there was something, more may come soon.
func (l *latecomers) look(level int) {
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
