package otelmetric

import (
	"context"
	"fmt"
	"sync"
)

// activity counts operations in progress, so that their end can be awaited. The zero value is ready to use.
// It is safe for concurrent use.
type activity struct {
	mu      sync.Mutex
	stopped bool
	running int
	idle    chan struct{} // closed when the last operation ends after stop; nil before stop
}

// begin reports whether an operation may start. If so, the caller must call end after it.
func (a *activity) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return false
	}
	a.running++
	return true
}

func (a *activity) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running--; a.running == 0 && a.stopped {
		close(a.idle)
	}
}

// stop makes begin return false from now on, and waits until all operations have ended or ctx is done. It
// must be called only once.
func (a *activity) stop(ctx context.Context) error {
	a.mu.Lock()
	a.stopped, a.idle = true, make(chan struct{})
	idle, running := a.idle, a.running
	if running == 0 {
		close(a.idle)
	}
	a.mu.Unlock()
	select {
	case <-idle:
		return nil
	default:
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("callbacks of observable instruments have not returned: %w", ctx.Err())
	}
}
