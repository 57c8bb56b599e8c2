// Package engine runs collectors. They run concurrently, each with a sink of its own. Their contexts end a
// little before the context of the scrape, so that the scrape still receives the samples that they send at
// the end. No scrape lasts longer than its own context.
//
// The engine starts all goroutines of a scrape. A run that blocks has one goroutine, or two if its
// collector sends to a channel (see [FromChannelOf]). Runs that do not block are done one after the other,
// by as many goroutines as there are processors (see crew). A scrape waits for its runs in the goroutine of
// its caller, and leaves runs behind that outlive its context. A run that was left behind ends when its
// collector returns. Since the engine does not start a collector again before that, the number of
// collectors bounds the number of goroutines, however many scrapes come.
//
// No request may cost another one anything. Therefore the scrape that allows the least time does not decide
// whether a run is stuck: see flight.inTheWay and Breaker.isFair.
package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// ErrStillRunning reports that a collector was not started because an earlier run of it has outlived its
// scrape and has not returned yet.
var ErrStillRunning = errors.New("an earlier run has not returned yet")

// Engine runs collectors. Its zero value is ready to use and does not limit how many run at once. An Engine
// is safe for concurrent use.
type Engine struct {
	// Concurrency, if positive, is how many collectors run at once. Runs that were left behind do not
	// count. If runs have kept a scrape from starting its collectors before its deadline, those runs do not
	// count any more, either. It must not be changed after the first call of [Engine.Collect].
	Concurrency int

	// mu guards everything below. The engine calls no code of a collector, of an error or of a caller's
	// context while it holds mu.
	mu      mutex
	flights map[*flight]struct{} // runs that have not returned
	running int                  // how many of flights count against Concurrency
	blocked map[int]int          // how many jobs of each priority wait for a place
	waiting []chan struct{}      // wake-up channels of scrapes that could not start everything yet, and of the timetable

	background awaiter // *timetable of background runs; nil before the first one

	late *drainer // nil before the first run
}

// Collector is a registered collector as the engine sees it.
type Collector struct {
	Name string
	Run  Run
	// Shared reports that the collector cannot see the context. Its result is the same for all scrapes, so
	// overlapping scrapes share one run.
	Shared bool
	// Gate applies the policies. It is zero if the collector has none.
	Gate Gate

	// Earlier, if not nil, is the earlier registration of the same collector. While a run of Earlier is
	// overdue, this collector is not started.
	Earlier *Collector

	// Origin, if not nil, is a comparable value. Collectors that run the same code on the same data have
	// the same Origin, even in different engines.
	Origin any

	// The engine's mutex guards the following fields.
	flying   []*flight // runs that have not returned, oldest first
	joinable *flight   // run that others may share, or nil

	stats Stats
}

// Job asks for one run of a collector.
type Job struct {
	Collector *Collector
	// Sink is where the run writes. If Sink is nil, the run writes to a [Buffer], and the [Outcome] holds
	// what arrived. Sink must be nil for a shared collector. The engine closes Sink as soon as the run has
	// returned or was left behind, or as soon as it is clear that there will be no run.
	Sink Sink
	// Share lets overlapping scrapes that all set it share one run, even of a collector that sees its
	// context. The run has the values and the deadline of the first scrape, and ends when the last scrape
	// leaves it. A scrape with more than three times the run's remaining time starts its own. Sink must be
	// nil.
	Share bool
	// OwnRun gives the job a run of its own beside those under way. No other scrape joins that run. It is
	// for a scrape that comes from another process: a run under way may be waiting for that very scrape.
	// Sink must be nil.
	OwnRun bool
	// Origins asks for the Origin of the samples that no other scrape gets. Sink must be nil.
	Origins bool
}

// Outcome is what a collector has given to a scrape.
type Outcome struct {
	Given

	Err      error         // why the result is incomplete or not new; nil if it is complete and new
	Kind     Kind          // kind of Err
	Duration time.Duration // duration of the run, until it ended or was left behind
	Wait     time.Duration // time before the run was started or joined, or until there was no time left to do so
	Source   Source
	Age      time.Duration // age of the samples, if they are not from a run for this scrape

	memory *memory // memory of the samples, if only this scrape has them
}

// Given is the result of a run.
type Given struct {
	Samples []model.Sample // read-only; possibly shared with other scrapes
	Sources []model.Source // families handed over as a whole, see Held; as read-only as Samples
	Dropped Dropped        // samples that could not be used

	held int // series in Sources
}

// Count returns the number of samples plus the number of series in Sources.
func (g *Given) Count() int { return len(g.Samples) + g.held }

// Release lets the engine reuse the memory of the samples and sources. After that, the caller must not use
// them or their labels. Calling Release is optional.
func (o *Outcome) Release() {
	o.memory.release()
	o.memory, o.Samples, o.Sources = nil, nil, nil
}

// Source is the place that samples come from.
type Source int

// The sources of samples.
const (
	FromRun        Source = iota // a run for this scrape, perhaps shared with others
	FromCache                    // an earlier run, in place of one for this scrape
	FromStale                    // an earlier run, since there is no good one for this scrape
	FromBackground               // the last background run
)

// Collect does the jobs. It returns their outcomes, in the same order, as soon as all runs have returned or
// ctx is done.
func (e *Engine) Collect(ctx context.Context, jobs []Job) []Outcome {
	s := NewScrape(ctx)
	defer s.End()
	return e.CollectFor(s, jobs)
}

// CollectFor is [Engine.Collect] for a scrape that may involve other engines, too.
func (e *Engine) CollectFor(scrape *Scrape, jobs []Job) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	s := starter{engine: e, scrape: scrape, jobs: jobs, flights: make([]*flight, len(jobs)), outcomes: outcomes}
	s.watch = watch{scrape: scrape, flights: s.flights}
	defer s.watch.stop()
	s.startAll()
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
	e.leave(scrape, s.leaving...) // Together, since each call may have to wait for the mutex.
	for _, l := range s.leaving {
		if !l.flight.shared {
			l.flight.sink.Close()
		}
	}
	e.settle(s.flights, jobs, outcomes)
	return outcomes
}

// settle replaces failures with results of earlier runs where policies allow that, and updates the
// statistics.
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

// shares reports whether overlapping scrapes share a run of c.
func (c *Collector) shares() bool { return c.Shared || c.KeepsResults() }

// KeepsResults reports whether good results are kept for other scrapes. Such a collector writes to a
// buffer, so a [Job] must not give it a sink.
func (c *Collector) KeepsResults() bool { return c.Gate.keeps() }

// isIdle reports whether no run of c, or of an earlier registration, is under way. c may be nil.
func (c *Collector) isIdle() bool { return c == nil || len(c.flying) == 0 && c.Earlier.isIdle() }

// Idle returns the collectors in list that have no run under way.
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

// wakeOthers wakes all waiters except one.
func (e *Engine) wakeOthers(but chan struct{}) {
	for _, wake := range e.waiting {
		if wake != but {
			notify(wake)
		}
	}
}

// stopWaking removes a wake-up channel.
func (e *Engine) stopWaking(wake chan struct{}) {
	i := slices.Index(e.waiting, wake)
	e.waiting = slices.Delete(e.waiting, i, i+1)
}

// hasPlace reports whether a run of c may be started: a place is free, and no job of a higher priority
// waits for one.
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
