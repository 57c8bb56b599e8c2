package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/writereq"
)

// target sends the records of the queue to one receiver, one after the other.
type target struct {
	*Target

	index   int // index of the queue's consumer
	log     *backlog.Log
	sender  *sender
	metrics *metrics

	// turn holds a value while no goroutine sends. Sending takes it, together with rest.
	turn    chan struct{}
	backoff backoff

	mu    sync.Mutex
	state state
}

// state is the state of a target.
type state struct {
	sent, failed, retried, unqueued writereq.Counts

	bytes         uint64
	newest        int64 // timestamp of the newest sample in the queue, in milliseconds since the Unix epoch
	newestSent    int64
	lastSuccess   time.Time
	lastErr       error
	restsUntil    time.Time
	rejections    uint64
	lastRejection error
}

func newTarget(of *Target, index int, log *backlog.Log, opts Opts) (*target, error) {
	s, err := newSender(*of, opts.RequestTimeout)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", of.Name, err)
	}
	t := &target{
		Target: of, index: index, log: log, turn: make(chan struct{}, 1), sender: s,
		backoff: backoff{min: opts.MinBackoff, max: opts.MaxBackoff},
		metrics: newMetrics(of),
	}
	t.turn <- struct{}{}
	return t, nil
}

// TargetError reports that a target has rejected requests or has not received all of them, or that the
// queue has dropped requests to it.
type TargetError struct {
	Target  string // name of the target
	Pending uint64 // samples, including native histograms, that wait in the queue; if 0, sending again is useless
	Err     error  // the reasons, joined; after a timeout, it wraps context.DeadlineExceeded
}

// Error returns the name of the target, the number of pending samples and the reasons.
func (e *TargetError) Error() string {
	if e.Pending > 0 {
		return fmt.Sprintf("target %s did not receive %d samples: %v", e.Target, e.Pending, e.Err)
	}
	return fmt.Sprintf("target %s: %v", e.Target, e.Err)
}

// Unwrap returns the field Err.
func (e *TargetError) Unwrap() error { return e.Err }

// losses counts the data that a target has lost: it was rejected, or dropped before it was sent.
type losses struct {
	rejections uint64 // requests that the target has rejected
	dropped    uint64 // samples and histograms that were not sent to the target
}

func (t *target) losses() losses {
	dropped := t.dropped()
	return losses{t.snapshot().rejections, dropped.Samples + dropped.Histograms}
}

// report returns the losses since before, and, if err is not nil, why the queue could not be sent.
func (t *target) report(before losses, err error) error {
	now, state := t.losses(), t.snapshot()
	var (
		pending uint64
		reasons []error
	)
	if n := now.dropped - before.dropped; n > 0 {
		reasons = append(reasons, fmt.Errorf("%d samples were dropped because the queue was full or failed", n))
	}
	if now.rejections != before.rejections {
		reasons = append(reasons, state.lastRejection)
	}
	if err != nil {
		left := t.log.Pending(t.index)
		pending = left.Samples + left.Histograms
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return nil
	}
	return &TargetError{Target: t.Name, Pending: pending, Err: errors.Join(reasons...)}
}

// failure returns why the last request must be sent again, or nil if it need not be.
func (t *target) failure() error {
	if s := t.snapshot(); !s.restsUntil.IsZero() {
		return s.lastErr
	}
	return nil
}

// sendWhile sends records as they arrive until enough is closed.
func (t *target) sendWhile(ctx context.Context, enough <-chan struct{}) {
	for {
		select {
		case <-enough:
			return
		case <-t.turn:
		}
		if t.sendInTurn(ctx, enough) != nil {
			return
		}
	}
}

// sendUntil sends until the target has taken everything before end, or ctx is done. The error reports what
// is left and the losses since before.
func (t *target) sendUntil(ctx context.Context, end backlog.Position, before losses) error {
	err := t.sendBefore(ctx, end)
	if last := t.snapshot().lastErr; err != nil && last != nil {
		err = fmt.Errorf("%w (%w)", err, last)
	}
	return t.report(before, err)
}

func (t *target) sendBefore(ctx context.Context, end backlog.Position) error {
	arrived := make(chan error, 1)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { arrived <- t.log.Wait(waiting, t.index, end) }()
	for {
		select {
		case err := <-arrived: // Other goroutines may send, too.
			return err
		case <-t.turn:
		}
		if t.log.Reached(t.index, end) {
			t.turn <- struct{}{}
			return nil
		}
		if err := t.sendInTurn(ctx, nil); err != nil {
			return err
		}
	}
}

// clientGrace is how long a client may take to return after its context has ended.
const clientGrace = time.Second

// sendInTurn calls sendNext and returns the turn. If the client ignores its context, sendInTurn does not
// wait for it; the turn is returned when the client has returned.
func (t *target) sendInTurn(ctx context.Context, enough <-chan struct{}) error {
	done := make(chan error, 1)
	go func() {
		returned := false
		var err error
		defer func() {
			if !returned {
				t.queueFails(errGoexit, time.Now().Add(readPause))
			}
			t.turn <- struct{}{}
			done <- err
		}()
		err = t.sendNext(ctx, enough)
		returned = true
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(clientGrace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("the HTTP client has not returned: %w, %w", metric.ErrStillRunning, context.Cause(ctx))
	}
}

var errGoexit = errors.New("the HTTP client called runtime.Goexit")

// readPause is how long a target rests when the queue cannot be read, or when the HTTP client ends the
// goroutine.
const readPause = time.Second

// sendNext waits until the target has rested and the queue has a record, unless enough is closed first, and
// sends the record. It returns an error if ctx is done or the queue is closed. The caller must hold the
// turn.
func (t *target) sendNext(ctx context.Context, enough <-chan struct{}) error {
	if rest := time.Until(t.snapshot().restsUntil); rest > 0 {
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-enough:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	select {
	case <-t.log.Available(t.index):
	case <-enough:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	record, ok, err := t.log.Take(t.index)
	switch {
	case errors.Is(err, backlog.ErrClosed):
		return ErrClosed
	case err != nil:
		t.queueFails(err, time.Now().Add(readPause))
		return nil
	case !ok:
		return nil
	}
	return t.sendRecord(ctx, &record)
}

// sendRecord sends a record and records its outcome. It returns an error only if ctx is done.
func (t *target) sendRecord(ctx context.Context, r *writereq.Record) error {
	var (
		began = time.Now()
		got   outcome
	)
	if err := engine.Try(func() error { got = t.sender.send(ctx, r); return nil }); err != nil {
		got = outcome{verdict: postponed, err: err} // The client panicked.
	}
	t.metrics.durations.Observe(time.Since(began).Seconds())
	switch {
	case got.verdict != postponed:
		t.settle(r, &got)
		if err := t.log.Done(t.index); err != nil {
			t.queueFails(err, time.Time{})
		}
	case ctx.Err() != nil:
		return context.Cause(ctx) // The target is not at fault.
	default:
		t.postpone(r, &got)
	}
	return nil
}

// postpone records that a record must be sent again.
func (t *target) postpone(r *writereq.Record, got *outcome) {
	rest := t.backoff.failed(got.retryAfter)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.sent.Add(r.Counts)
	t.state.retried.Add(r.Counts)
	t.state.lastErr, t.state.restsUntil = got.err, time.Now().Add(rest)
}

// settle records what a target has accepted of a record and what it has rejected.
func (t *target) settle(r *writereq.Record, got *outcome) {
	t.backoff.succeeded()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.state
	s.bytes += uint64(got.bytes)
	s.sent.Add(r.Counts)
	s.failed.Add(got.failed)
	s.restsUntil = time.Time{}
	if got.err != nil {
		s.rejections++
		s.lastErr, s.lastRejection = got.err, got.err
		return
	}
	s.lastErr, s.lastSuccess = nil, time.Now()
	s.newestSent = max(s.newestSent, r.NewestMs)
}

// queueFails records a failure of the queue. The target then rests until the given time.
func (t *target) queueFails(err error, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.lastErr, t.state.restsUntil = err, until
}

// lost records that a record could not be queued.
func (t *target) lost(counts writereq.Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.unqueued.Add(counts)
}

// queued records the timestamp of the newest sample of a record that was queued.
func (t *target) queued(newest int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.newest = max(t.state.newest, newest)
}

func (t *target) snapshot() state {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}
