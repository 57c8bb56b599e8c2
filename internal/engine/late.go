package engine

import (
	"time"
	"unsafe"
	"weak"
)

// The channel of a run that has ended is looked after at growing intervals, without
// holding a goroutine, for as long as somebody might send to it: until the garbage
// collector has found that nobody has it any more. So runs in quick succession do
// not fill the memory with channels. After an hour, whoever has not sent anything
// yet is left to the channel's capacity.
const (
	firstLateDrain = 10 * time.Millisecond
	lastLateDrain  = time.Hour
)

// drainLate throws away what is sent to ch from now on. The caller must have
// received the last value that it wants.
func drainLate[T any](ch chan T, wait time.Duration) {
	// A channel is a pointer, to what the runtime allocates with new.
	late := weak.Make(*(**byte)(unsafe.Pointer(&ch)))
	time.AfterFunc(wait, func() {
		p := late.Value()
		if p == nil {
			return
		}
		ch := *(*chan T)(unsafe.Pointer(&p))
		found, open := drain(ch)
		if found {
			wait = firstLateDrain
		} else {
			wait *= 4
		}
		if open && wait < lastLateDrain {
			drainLate(ch, wait)
		}
	})
}

// drain empties ch. It tells whether there was anything in it, and whether it is
// still open.
func drain[T any](ch <-chan T) (found, open bool) {
	for {
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
}
