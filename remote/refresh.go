package remote

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// refresher asks for targets while they are in use. The zero value never does.
type refresher struct {
	source func(ctx context.Context) ([]GroupTarget, error)
	every  time.Duration
	set    func([]GroupTarget) error
	over   context.Context //nolint:containedctx // It ends with close.
	close_ context.CancelFunc

	answered chan struct{} // Closed when the first call of source has returned.

	mu     sync.Mutex
	asking bool
	asked  time.Time // When source was called last. Zero before the first call.
	err    error     // Of the last call.
}

func (r *refresher) open(source func(context.Context) ([]GroupTarget, error), every time.Duration, set func([]GroupTarget) error) {
	r.source, r.every, r.set, r.answered = source, every, set, make(chan struct{})
	r.over, r.close_ = context.WithCancel(context.Background())
}

func (r *refresher) close() {
	if r.close_ != nil {
		r.close_()
	}
}

// failure returns the error of the last call of the source.
func (r *refresher) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// prepare asks for targets if that is due. It waits for the first answer, for half of the time that
// is left to ctx.
func (r *refresher) prepare(ctx context.Context) {
	r.start()
	select {
	case <-r.answered:
		return
	default:
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	select {
	case <-r.answered:
	case <-ctx.Done():
	case <-r.over.Done():
	}
}

// start calls the source, unless that is not due or under way.
func (r *refresher) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking || r.over.Err() != nil || !r.asked.IsZero() && time.Since(r.asked) < r.every {
		return
	}
	first := r.asked.IsZero()
	r.asking, r.asked = true, time.Now()
	go r.ask(first)
}

// maxAsking is how long the source may take.
const maxAsking = 30 * time.Second

func (r *refresher) ask(first bool) {
	ctx, cancel := context.WithTimeout(r.over, maxAsking)
	defer cancel()
	var targets []GroupTarget
	err := engine.Try(func() (err error) {
		targets, err = r.source(ctx)
		return err
	})
	if err == nil && r.over.Err() == nil {
		_ = r.set(targets) // Gathers report it.
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking, r.err = false, nil
	if err != nil {
		r.err = fmt.Errorf("asking for targets: %w", err)
	}
	if first {
		close(r.answered)
	}
}
