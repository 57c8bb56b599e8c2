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

// Engine runs collectors. Its zero value is ready, and runs as many at once as there
// are. It is safe for concurrent use.
type Engine struct {
	// Concurrency, if positive, is how many collectors run at once. A run that
	// has been left behind, or has kept a scrape from starting its collectors
	// until that scrape's deadline, does not count. It must not be changed after
	// the first Collect.
	Concurrency int

	mu      sync.Mutex
	flights map[*flight]struct{} // Runs that have not returned.
	running int                  // How many of them count.
	waiting []chan struct{}      // Scrapes that could not start everything yet.
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
	overdue  int     // Those of them that have outlived a scrape.
	leaving  int     // Those of them that have been cancelled a moment ago.
	joinable *flight // The run that others may share.
}

// Job asks for one run of a collector.
type Job struct {
	Collector *Collector
	// Sink is where the run writes. If it is nil, which it has to be for a shared
	// collector, the run writes into a Buffer, and Outcome tells what arrived.
	// The engine closes it as soon as the run has returned or has been left
	// behind, or it is clear that there will be none.
	Sink Sink
}

// Outcome is what one collector has given to one scrape.
type Outcome struct {
	Samples  []model.Sample // Read-only; possibly shared with other scrapes.
	Dropped  []error        // One for each sample that could not be used.
	Err      error          // Why Samples is not everything, or nil.
	Duration time.Duration
}

// Collect does the jobs and returns their outcomes, in the same order, as soon as
// all runs have returned or ctx is done.
func (e *Engine) Collect(ctx context.Context, jobs []Job) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	flights := make([]*flight, len(jobs))
	e.start(ctx, jobs, flights, outcomes)
	for i, f := range flights {
		if f == nil && jobs[i].Sink != nil {
			jobs[i].Sink.Close()
		}
	}
	for i, f := range flights {
		if f != nil {
			outcomes[i] = e.await(ctx, f)
		}
	}
	return outcomes
}

// start starts or joins a run of every collector. Where that fails it leaves the
// flight nil and sets the outcome. It waits for collectors that are at their limit.
func (e *Engine) start(ctx context.Context, jobs []Job, flights []*flight, outcomes []Outcome) {
	if err := ctx.Err(); err != nil {
		for i := range outcomes {
			outcomes[i].Err = fmt.Errorf("not started, since the scrape was over: %w", err)
		}
		return
	}
	began := time.Now()
	pending := make([]int, len(jobs))
	for i := range pending {
		pending[i] = i
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
				outcomes[i].Err = fmt.Errorf("not started, since too many runs were under way: %w", ctx.Err())
			}
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				e.starved(began, jobs, pending)
			}
			return
		}
	}
}

// starved is called when a scrape's deadline has passed before all could be started.
// Runs that have been under way for all of its time may be stuck. They must not do
// the same to the next scrape, even if their own have no deadline.
func (e *Engine) starved(began time.Time, jobs []Job, pending []int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for f := range e.flights {
		switch {
		case f.start.After(began):
		case slices.ContainsFunc(pending, func(i int) bool { return jobs[i].Collector == f.collector }):
			e.markOverdue(f)
		default:
			e.uncount(f)
		}
	}
	e.wakeAll()
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
