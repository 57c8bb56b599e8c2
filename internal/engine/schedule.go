package engine

import "time"

// Schedule is how often a collector runs in the background. [Every] is its only implementation. The rest of
// the engine reaches background runs only through the interfaces of this file, so programs that do not use
// Every do not contain the code that runs collectors in the background.
type Schedule interface {
	Period() time.Duration
	background(e *Engine, c *Collector) schedule
}

// schedule manages the background runs of one collector. The engine's mutex must be held when a method is
// called.
type schedule interface {
	// start starts the first run at once, unless endAll was called.
	start()
	// before returns the outcome for a scrape, or nil if the scrape must wait for the end of the first
	// attempt to run the collector. If the last attempt has failed, [Gate.orStale] adds the last good
	// result. For an attempt, before returns nil as long as the attempt may start a run.
	before(s *Scrape, now time.Time) *Outcome
	// runEnded ends the attempt that has started the run, if the attempt still waits for it. The run has
	// returned, or scrapes would not wait for it any longer. err is its error.
	runEnded(f *flight, err error, now time.Time)
	// report adds the present state to s.
	report(s *Stats)
	// endAll does the work of [Engine.EndBackground].
	endAll(closed bool)
	hasEnded() bool
}

// awaiter is the part of a timetable that [Engine.AwaitEnded] needs.
type awaiter interface {
	awaitEnded(wait time.Duration) (stuck []string)
}

// InitBackground makes scrapes wait for the background runs of a collector whose policy asks for them. It
// must be called before the collector is used.
func (e *Engine) InitBackground(c *Collector) {
	if s := c.Gate.policy.Background; s != nil {
		c.Gate.background = s.background(e, c)
	}
}

// StartBackground starts the background runs of a collector, if it has any and they have not been ended.
// The first run starts at once.
func (e *Engine) StartBackground(c *Collector) {
	if c.Gate.background == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.Gate.background.start()
}

// EndBackground ends the background runs of a collector, if it has any. It cancels the context of a run
// under way and starts no other. Scrapes then get the last result, together with [ErrClosed] if closed is
// true.
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

// AwaitEnded waits for the runs that EndBackground has ended, at most for the given time. It returns the
// sorted names of the collectors whose runs have not returned.
func (e *Engine) AwaitEnded(wait time.Duration) (stuck []string) {
	e.mu.Lock()
	runs := e.background
	e.mu.Unlock()
	if runs == nil {
		return nil
	}
	return runs.awaitEnded(wait)
}

// tellSchedule informs the schedule of the run's collector, if it has one, that the run has ended with err;
// see schedule.runEnded.
func (f *flight) tellSchedule(err error, now time.Time) {
	if b := f.collector.Gate.background; b != nil {
		b.runEnded(f, err, now)
	}
}
