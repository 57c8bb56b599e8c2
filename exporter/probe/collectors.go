package probe

import (
	"context"
	"sync"

	"github.com/luxfi/metric"
)

// runs counts the collectors' runs in a probe's registry.
type runs struct {
	mu     sync.Mutex
	active int
	ended  chan struct{} // closed when active becomes 0, if wait is waiting
}

func (r *runs) hooks() metric.Hooks {
	return metric.Hooks{
		CollectorStart: func(ctx context.Context, _ string) context.Context {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.active++
			return ctx
		},
		CollectorEnd: func(context.Context, string, metric.CollectorEnd) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.active--; r.active == 0 && r.ended != nil {
				close(r.ended)
				r.ended = nil
			}
		},
	}
}

// any reports whether a run is in flight.
func (r *runs) any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active > 0
}

// wait waits until all runs have ended.
func (r *runs) wait() {
	r.mu.Lock()
	if r.active > 0 && r.ended == nil {
		r.ended = make(chan struct{})
	}
	ended := r.ended
	r.mu.Unlock()
	if ended != nil {
		<-ended
	}
}
