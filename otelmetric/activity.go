package otelmetric

import (
	"context"
	"fmt"
	"sync"
)

// activity counts what runs, so that its end can be waited for. The zero value is ready. It is safe for
// concurrent use.
type activity struct {
	mu      sync.Mutex
	stopped bool
	running int
	idle    chan struct{} // closed when nothing runs after stop; nil before stop
}

// begin reports whether something may run. If so, the caller has to call end afterwards.
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

// stop makes begin return false, and waits until nothing runs or ctx is done. It is called once.
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
