package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// refresher asks a source for targets when gathers need them. The zero value never asks.
type refresher struct {
	source  func(ctx context.Context) ([]GroupTarget, error)
	every   time.Duration
	timeout time.Duration // timeout of a gather whose context has no deadline
	set     func([]GroupTarget) error
	over    context.Context //nolint:containedctx // canceled by close
	end     context.CancelFunc

	mu       sync.Mutex
	answered bool          // whether the first call of the source has returned
	asking   chan struct{} // closed when the call in progress has returned; nil if no call is in progress
	asked    time.Time     // time of the last call of the source; zero before the first call
	err      error         // error of the last call that has returned
}

func (r *refresher) open(source func(context.Context) ([]GroupTarget, error), every, timeout time.Duration, set func([]GroupTarget) error) {
	r.source, r.every, r.timeout, r.set = source, every, timeout, set
	r.over, r.end = context.WithCancel(context.Background())
}

func (r *refresher) close() {
	if r.end != nil {
		r.end()
	}
}

// maxAsking limits the duration of a call of the source.
const maxAsking = 30 * time.Second

// failure returns the error of the source, or nil.
func (r *refresher) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking != nil && time.Since(r.asked) > maxAsking {
		return errors.Join(r.err, fmt.Errorf("the source of targets has not returned for more than %v", maxAsking))
	}
	return r.err
}

// The part of its time that a gather waits for an answer: for the first one, and for a later one.
const (
	firstWait = 2
	laterWait = 10
)

// prepare asks for targets if that is due. It waits for the answer for a part of the time that ctx has
// left.
func (r *refresher) prepare(ctx context.Context) {
	asking, first := r.start()
	if asking == nil {
		return
	}
	left := r.timeout
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	part := time.Duration(laterWait)
	if first {
		part = firstWait
	}
	timer := time.NewTimer(left / part)
	defer timer.Stop()
	select {
	case <-asking:
	case <-timer.C:
	case <-ctx.Done():
	case <-r.over.Done():
	}
}

// start calls the source if that is due. It returns the call that the gather should wait for, or nil. Only
// gathers that have no targets yet wait for a call that is already in progress.
func (r *refresher) start() (asking <-chan struct{}, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.over.Err() != nil:
		return nil, false
	case r.asking != nil:
		if r.answered {
			return nil, false
		}
		return r.asking, true
	case !r.asked.IsZero() && time.Since(r.asked) < r.every:
		return nil, false
	}
	r.asking, r.asked = make(chan struct{}), time.Now()
	go r.ask()
	return r.asking, !r.answered
}

// ask calls the source.
func (r *refresher) ask() {
	ctx, cancel := context.WithTimeout(r.over, maxAsking)
	defer cancel()
	var targets []GroupTarget
	err := errGoexit
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err = nil; err != nil {
			r.err = fmt.Errorf("asking for targets: %w", bounded(err))
		}
		close(r.asking)
		r.asking, r.answered = nil, true
	}()
	err = engine.Try(func() (err error) {
		targets, err = r.source(ctx)
		return err
	})
	if r.over.Err() == nil && (err == nil || len(targets) > 0) {
		_ = r.set(targets) // The next gather reports the error.
	}
}

var errGoexit = errors.New("the source has ended its goroutine")
