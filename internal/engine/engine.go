// Package engine runs collectors: concurrently, each with a sink of its own, under
// a context that ends a little before that of the scrape, so that their last words are
// heard; no scrape lasts longer than its own context.
//
// All goroutines of a scrape are started here. A run that waits for something has one
// goroutine, or two if its collector sends to a channel (see FromChannelOf); runs that do
// not are done one after the other, by as many as there are processors (see crew). A
// scrape waits for its runs in the goroutine of its caller and leaves those behind that
// outlive its context; a run that has been left behind ends when its collector returns.
// Since a collector is not started again before that, the number of goroutines is
// bounded by the number of collectors, however many scrapes come.
//
// A request must not cost another one anything. Whether a run is stuck is therefore not
// decided by the least patient scrape: see flight.inTheWay and Breaker.isFair.
package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// ErrStillRunning reports that a collector was not started because an earlier run of
// it, which has outlived its scrape, has not returned yet.
var ErrStillRunning = errors.New("an earlier run has not returned yet")

// Engine runs collectors. Its zero value is ready, and runs as many at once as there
// are. It is safe for concurrent use.
type Engine struct {
	// Concurrency, if positive, is how many collectors run at once. Not counted are
	// runs that were left behind, and runs because of which a scrape could not start
	// its collectors before its deadline. It must not be changed after the first
	// Collect.
	Concurrency int

	// mu guards everything below. No code of a collector, of an error or of a
	// caller's context is called while it is held.
	mu      mutex
	flights map[*flight]struct{} // Runs that have not returned.
	running int                  // How many of them count.
	blocked map[int]int          // How many jobs of each priority wait for a place.
	waiting []chan struct{}      // Of scrapes that could not start everything yet, and of timetable.

	background awaiter // The *timetable of background runs; nil before the first one.

	late *latecomers // Nil before the first run.
}

// Collector is one registered collector as the engine sees it.
type Collector struct {
	Name string
	Run  Run
	// Shared tells that the collector cannot see the context, so that its result
	// is the same for all: scrapes that overlap share one run.
	Shared bool
	// Gate is zero if no policy was asked for.
	Gate Gate

	// Earlier, if not nil, is the same collector's earlier registration. While a run
	// of that one is overdue, this one is not started.
	Earlier *Collector

	// Origin, if not nil, is a comparable value that collectors have in common, in
	// whichever engines, if they run the same code on the same data.
	Origin any

	// The following are guarded by the engine's mutex.
	flying   []*flight // Runs that have not returned, the oldest first.
	joinable *flight   // The run that others may share.

	stats Stats
}

// Job asks for one run of a collector.
type Job struct {
	Collector *Collector
	// Sink is where the run writes. If it is nil, which it has to be for a shared
	// collector, the run writes into a Buffer, and Outcome tells what arrived.
	// The engine closes it as soon as the run has returned or has been left
	// behind, or it is clear that there will be none.
	Sink Sink
	// Share has overlapping scrapes that all ask for it share one run, even of a collector
	// that sees its context. The run has the first scrape's values and deadline, and ends
	// when the last one leaves. A scrape with more than three times the run's remaining
	// time starts its own. Sink has to be nil.
	Share bool
	// Alone has the job get a run of its own, beside those under way, which no other scrape
	// joins. It is for a scrape that comes from another process: a run under way may be waiting
	// for that very scrape. Sink has to be nil.
	Alone bool
	// Origins asks for the Origin of samples, as far as nobody but this scrape gets them.
	// Sink has to be nil.
	Origins bool
}

// Outcome is what one collector has given to one scrape.
type Outcome struct {
	Given

	Err      error         // Why there is not everything, or nothing new, or nil.
	Kind     Kind          // The kind of Err.
	Duration time.Duration // Of the run, until it ended or was left behind.
	Wait     time.Duration // Before the run was started or joined, or until there was no time left for one.
	Source   Source
	Age      time.Duration // Of the samples, if they are not of a run for this scrape.

	memory *memory // Of the samples, if nobody else has them.
}

// Given is what a run has given.
type Given struct {
	Samples []model.Sample // Read-only; possibly shared with other scrapes.
	Sources []model.Source // Families that came as a whole, see Held; as read-only as Samples.
	Dropped Dropped        // Samples that could not be used.

	held int // Series in Sources.
}

// Count returns the number of samples, and of series in Sources.
func (g *Given) Count() int { return len(g.Samples) + g.held }

// Release lets the memory of the samples and sources be used again. After that, neither they
// nor their labels may be used. Calling it is optional.
func (o *Outcome) Release() {
	o.memory.release()
	o.memory, o.Samples, o.Sources = nil, nil, nil
}

// Source tells where samples come from.
type Source int

// The sources of samples.
const (
	FromRun        Source = iota // A run for this scrape, perhaps shared with others.
	FromCache                    // An earlier run; there was none for this scrape.
	FromStale                    // An earlier run, because there is no good one for this scrape.
	FromBackground               // The last background run.
)

// Collect does the jobs and returns their outcomes, in the same order, as soon as
// all runs have returned or ctx is done.
func (e *Engine) Collect(ctx context.Context, jobs []Job) []Outcome {
	s := NewScrape(ctx)
	defer s.End()
	return e.CollectFor(s, jobs)
}

// CollectFor is Collect for a scrape that may involve other engines, too.
func (e *Engine) CollectFor(scrape *Scrape, jobs []Job) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	s := start{engine: e, scrape: scrape, jobs: jobs, flights: make([]*flight, len(jobs)), outcomes: outcomes}
	s.watch = watch{scrape: scrape, flights: s.flights}
	defer s.watch.stop()
	s.run()
	for i, f := range s.flights {
		if f == nil && jobs[i].Sink != nil {
			jobs[i].Sink.Close()
		}
	}
	for i, f := range s.flights {
		if f != nil {
			outcomes[i] = e.await(&s, f, s.joined[i])
			outcomes[i].Wait = max(0, f.start.Sub(scrape.began))
		}
	}
	e.leave(scrape, s.leaving...) // Together: each time, the mutex may have to be waited for.
	for _, l := range s.leaving {
		if !l.flight.shared {
			l.flight.sink.Close()
		}
	}
	e.settle(s.flights, jobs, outcomes)
	return outcomes
}

// settle replaces failures by what is left of earlier runs, and keeps account.
func (e *Engine) settle(flights []*flight, jobs []Job, outcomes []Outcome) {
	for i := range outcomes {
		outcomes[i].Kind = KindOf(outcomes[i].Err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for i, job := range jobs {
		outcomes[i] = job.Collector.Gate.orStale(outcomes[i], now)
		job.Collector.stats.count(&outcomes[i], flights[i], now)
	}
}

// shares reports whether scrapes that overlap share a run.
func (c *Collector) shares() bool { return c.Shared || c.KeepsResults() }

// KeepsResults reports whether good results are kept for other scrapes. Such a collector
// writes to a buffer: a Job must not give it a sink.
func (c *Collector) KeepsResults() bool { return c.Gate.keeps() }

// isIdle reports whether no run of c, or of an earlier registration, is under way. c may be
// nil.
func (c *Collector) isIdle() bool { return c == nil || len(c.flying) == 0 && c.Earlier.isIdle() }

// Idle returns those collectors of a list of which no run is under way.
func (e *Engine) Idle(list []*Collector) (idle []*Collector) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range list {
		if len(c.flying) == 0 {
			idle = append(idle, c)
		}
	}
	return idle
}

func (e *Engine) wakeAll() { e.wakeOthers(nil) }

// wakeOthers wakes all that wait but for one.
func (e *Engine) wakeOthers(but chan struct{}) {
	for _, wake := range e.waiting {
		if wake != but {
			notify(wake)
		}
	}
}

// stopWaking undoes the waiting for a wake-up.
func (e *Engine) stopWaking(wake chan struct{}) {
	i := slices.Index(e.waiting, wake)
	e.waiting = slices.Delete(e.waiting, i, i+1)
}

// hasPlace reports whether a run may be started: there is a place, and nobody more
// important waits for it.
func (e *Engine) hasPlace(c *Collector) bool {
	if e.Concurrency <= 0 {
		return true
	}
	if e.running >= e.Concurrency {
		return false
	}
	for priority, n := range e.blocked {
		if n > 0 && priority > c.Gate.priority() {
			return false
		}
	}
	return true
}
