package engine

import "time"

// Schedule is how often a collector runs in the background; Every is the only one. Only
// programs that use Every contain what runs collectors in the background: the rest of the engine
// reaches it through the interfaces of this file.
type Schedule interface {
	Period() time.Duration
	background(e *Engine, c *Collector) schedule
}

// schedule is the background runs of one collector. The engine's mutex is held when a method is
// called.
type schedule interface {
	// start has the first run start at once, unless endAll was called.
	start()
	// before returns what a scrape gets, or nil if it has to wait for the end of the first
	// attempt to run the collector. If the last attempt has failed, Gate.orStale adds the last
	// good result. An attempt gets nil as long as it may start a run.
	before(s *Scrape, now time.Time) *Outcome
	// runEnded ends the attempt that has started the run, if it still waits for that: the run
	// has returned, or scrapes would not wait for it any longer. err is its error.
	runEnded(f *flight, err error, now time.Time)
	// report adds to an account how things are now.
	report(s *Stats)
	// endAll does what EndBackground does.
	endAll(closed bool)
	hasEnded() bool
}

// awaiter is what an engine needs of its timetable.
type awaiter interface {
	awaitEnded(wait time.Duration) (stuck []string)
}

// InitBackground has scrapes wait for the background runs of a collector whose policy asks for
// them. It is called before the collector is used.
func (e *Engine) InitBackground(c *Collector) {
	if s := c.Gate.policy.Background; s != nil {
		c.Gate.background = s.background(e, c)
	}
}

// StartBackground starts the background runs of a collector that has some, unless they have
// been ended. The first run starts at once.
func (e *Engine) StartBackground(c *Collector) {
	if c.Gate.background == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.Gate.background.start()
}

// EndBackground ends the background runs of a collector, if it has any: the context of one
// that is under way ends, and no other is started. Scrapes get what there is; if closed is
// true, together with ErrClosed.
//
// c may be nil.
func (e *Engine) EndBackground(c *Collector, closed bool) {
	if c == nil || c.Gate.background == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.Gate.background.endAll(closed)
}

// AwaitEnded waits for runs that EndBackground has ended, but not longer than the given time.
// It returns the names of the collectors whose runs have not returned, sorted.
func (e *Engine) AwaitEnded(wait time.Duration) (stuck []string) {
	e.mu.Lock()
	runs := e.background
	e.mu.Unlock()
	if runs == nil {
		return nil
	}
	return runs.awaitEnded(wait)
}

// tellSchedule tells the background runs of the run's collector, if there are some, that
// the run has ended with err; see schedule.runEnded.
func (f *flight) tellSchedule(err error, now time.Time) {
	if b := f.collector.Gate.background; b != nil {
		b.runEnded(f, err, now)
	}
}
