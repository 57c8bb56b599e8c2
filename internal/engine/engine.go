// Package engine runs collectors: concurrently, each with a sink of its own, under
// the context of the scrape, and never for longer than that context lasts.
//
// All goroutines of a scrape are started here. A run has one goroutine, or two if
// its collector sends to a channel (see FromChannel). A scrape waits for its runs
// in the goroutine of its caller and leaves those behind that outlive its context;
// a run that has been left behind ends when its collector returns. Since a
// collector is not started again before that, the number of goroutines is bounded
// by the number of collectors, however many scrapes come.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Run is one run of a collector: it writes what it collects into sink and returns
// when it is done. Everything that the engine does to a run, and every policy, is
// done to a value of this type.
type Run func(ctx context.Context, sink Sink) error

// ErrStillRunning tells that a collector was not started because an earlier run of
// it, which has outlived its scrape, has not returned yet.
var ErrStillRunning = errors.New("an earlier run has not returned yet")

// maxOverlap is how many runs of one context-aware collector may be under way at
// once, for scrapes that overlap: enough for a pair of Prometheus servers. Further
// scrapes wait, under their own contexts.
const maxOverlap = 2

// Engine runs collectors. Its zero value is ready, and runs as many at once as there
// are. It is safe for concurrent use.
type Engine struct {
	// Concurrency, if positive, is how many collectors run at once. A run that
	// has been left behind does not count. It must not be changed after the
	// first Collect.
	Concurrency int

	mu      sync.Mutex
	running int             // Runs that somebody waits for.
	waiting []chan struct{} // Scrapes that could not start everything yet.
}

// Collector is one registered collector as the engine sees it.
type Collector struct {
	Name string
	Run  Run
	// Shared tells that the collector cannot see the context, so that its result
	// is the same for all: scrapes that overlap share one run.
	Shared bool

	// The following are guarded by the engine's mutex.
	flights  int     // Runs that have not returned.
	overdue  int     // Those of them that have outlived their scrape.
	joinable *flight // The run that others may share.
}

// Job asks for one run of a collector.
type Job struct {
	Collector *Collector
	// Sink is where the run writes. If it is nil, which it has to be for a shared
	// collector, the run writes into a Buffer, and Outcome tells what arrived.
	// The engine closes it when the run has returned or has been left behind, or
	// has not been started.
	Sink Sink
}

// Outcome is what one collector has given to one scrape.
type Outcome struct {
	Samples  []model.Sample // Read-only; possibly shared with other scrapes.
	Dropped  []error        // One for each sample that could not be used.
	Err      error          // Why Samples is not everything, or nil.
	Duration time.Duration
}

// flight is one run under way.
type flight struct {
	sink    Sink
	buffer  *Buffer       // The sink, if the caller has not given one.
	done    chan struct{} // Closed when the run has returned.
	err     error         // Valid when done is closed.
	start   time.Time
	end     time.Time // Valid when done is closed.
	counted bool      // It counts in Engine.running. Guarded by the engine's mutex.
	overdue bool      // It counts in Collector.overdue. Guarded by the engine's mutex.
}

// Collect does the jobs and returns their outcomes, in the same order, as soon as
// all runs have returned or ctx is done.
func (e *Engine) Collect(ctx context.Context, jobs []Job) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	flights := make([]*flight, len(jobs))
	e.start(ctx, jobs, flights, outcomes)
	for i, f := range flights {
		switch {
		case f != nil:
			outcomes[i] = e.await(ctx, jobs[i].Collector, f)
		case jobs[i].Sink != nil:
			jobs[i].Sink.Close()
		}
	}
	return outcomes
}

// start starts or joins a run of every collector. Where that fails it leaves the
// flight nil and sets the outcome. It waits for collectors that are at their limit.
func (e *Engine) start(ctx context.Context, jobs []Job, flights []*flight, outcomes []Outcome) {
	pending := make([]int, len(jobs))
	for i := range pending {
		pending[i] = i
	}
	if err := ctx.Err(); err != nil {
		for i := range outcomes {
			outcomes[i].Err = fmt.Errorf("not started, since the scrape was over: %w", err)
		}
		return
	}
	var wake chan struct{}
	for {
		e.mu.Lock()
		pending = slices.DeleteFunc(pending, func(i int) bool {
			f, err := e.tryStart(ctx, jobs[i])
			flights[i], outcomes[i].Err = f, err
			return f != nil || err != nil
		})
		if len(pending) > 0 && wake == nil {
			wake = make(chan struct{}, 1)
			e.waiting = append(e.waiting, wake)
			defer e.stopWaiting(wake)
		}
		e.mu.Unlock()
		if len(pending) == 0 {
			return
		}
		select {
		case <-wake:
		case <-ctx.Done():
			for _, i := range pending {
				outcomes[i].Err = fmt.Errorf("not started, since too many collectors were running: %w", ctx.Err())
			}
			return
		}
	}
}

// tryStart starts or joins a run. It returns nil and nil if the job has to wait. The
// engine's mutex is held.
func (e *Engine) tryStart(ctx context.Context, job Job) (*flight, error) {
	c := job.Collector
	switch {
	case c.overdue > 0:
		return nil, ErrStillRunning
	case c.joinable != nil:
		return c.joinable, nil
	case c.flights >= maxOverlap, e.Concurrency > 0 && e.running >= e.Concurrency:
		return nil, nil
	}
	f := &flight{sink: job.Sink, done: make(chan struct{}), start: time.Now(), counted: true}
	if f.sink == nil {
		f.buffer = &Buffer{}
		f.sink = f.buffer
	}
	e.running++
	c.flights++
	if c.Shared {
		c.joinable = f
		ctx = context.WithoutCancel(ctx)
	}
	goTry(func() error { return c.Run(ctx, f.sink) }, func(err error) {
		if err == nil && ctx.Err() != nil {
			// It may have given up halfway without a word.
			err = ctx.Err()
		}
		e.finish(c, f, err)
	})
	return f, nil
}

// finish is called by the run's goroutine when the run has returned.
func (e *Engine) finish(c *Collector, f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.err, f.end = err, time.Now()
	c.flights--
	if f.overdue {
		c.overdue--
	}
	if c.joinable == f {
		c.joinable = nil
	}
	e.uncount(f)
	e.wakeAll()
	close(f.done)
}

// await waits until the run has returned or ctx is done.
func (e *Engine) await(ctx context.Context, c *Collector, f *flight) (o Outcome) {
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			o.Err = fmt.Errorf("did not finish in time: %w", ctx.Err())
		}
	}
	if f.buffer != nil {
		o.Samples, o.Dropped = f.buffer.Snapshot()
	}
	if o.Err != nil {
		o.Duration = time.Since(f.start)
		e.leave(c, f, ctx.Err())
	} else {
		o.Duration, o.Err = f.end.Sub(f.start), f.err
	}
	if !c.Shared {
		f.sink.Close()
	}
	return o
}

// leave leaves a run behind that has outlived the scrape whose context ended with
// err. A shared run that a client has turned away from, rather than one whose
// deadline has passed, stays open to others.
func (e *Engine) leave(c *Collector, f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-f.done:
		return
	default:
	}
	if !f.overdue && (!c.Shared || errors.Is(err, context.DeadlineExceeded)) {
		f.overdue = true
		c.overdue++
	}
	e.uncount(f)
	e.wakeAll()
}

func (e *Engine) uncount(f *flight) {
	if f.counted {
		f.counted = false
		e.running--
	}
}

func (e *Engine) wakeAll() {
	for _, wake := range e.waiting {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

func (e *Engine) stopWaiting(wake chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.Index(e.waiting, wake)
	e.waiting = slices.Delete(e.waiting, i, i+1)
}
