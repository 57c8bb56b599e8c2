package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
	"weak"
)

// ErrClosed reports that a collector is not run in the background any more, because its
// registry was closed.
var ErrClosed = errors.New("the registry is closed: it runs nothing in the background any more")

var errUnregistered = errors.New("it was unregistered before its first background run had ended")

// background runs a collector on a schedule, and has the result for all scrapes. It moves
// between these states:
//
//	state     what holds                            next
//	idle      timer is set                          trying, when the timer fires
//	trying    attempt is set; the run waits for a   idle, when the run has ended, was refused,
//	          place, or is under way                or has passed its limit
//	over      ended is true                         none; Engine.EndBackground leads here
//
// While idle it has no goroutine, and its timer refers to it weakly: the background runs of a
// registry that nobody has any more end without Close.
type background struct {
	engine    *Engine
	collector *Collector
	ctx       context.Context //nolint:containedctx // It ends with the background runs.
	cancel    context.CancelFunc

	// The following are guarded by the engine's mutex.
	ended   bool
	timer   *time.Timer
	next    time.Time     // When the timer fires.
	attempt chan struct{} // Closed at the end of the attempt under way; nil if there is none.
	tried   bool          // An attempt has ended.
	err     error         // Why there is no good result of the last attempt, or nil.
}

// minLimit is how long a background run may take at least if its collector has no limit.
const minLimit = keptLimit

// StartBackground starts the background runs of a collector whose policy asks for them. The
// first run starts at once.
func (e *Engine) StartBackground(c *Collector) {
	if c.Gate.policy.Background <= 0 {
		return
	}
	b := &background{engine: e, collector: c}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	c.Gate.background = b
	b.next = time.Now()
	b.schedule(b.next)
}

// schedule sets the timer for b.next.
func (b *background) schedule(now time.Time) {
	weakly := weak.Make(b)
	b.timer = time.AfterFunc(b.next.Sub(now), func() {
		if b := weakly.Value(); b != nil {
			b.run()
		}
	})
}

// scheduleNext chooses when the next attempt begins. The second one follows the first after a
// random time between half a period and a whole one, so that collectors that were registered
// together do not run together for ever. From then on, attempts begin at multiples of the
// period; those that an earlier attempt has not left in time are skipped.
func (b *background) scheduleNext(now time.Time) {
	every := b.collector.Gate.policy.Background
	if !b.tried {
		b.next = b.next.Add(every - rand.N(every/2+1))
	}
	if late := now.Sub(b.next); late >= 0 {
		b.next = b.next.Add(late - late%every + every)
	}
	b.schedule(now)
}

// run makes one attempt.
func (b *background) run() {
	e, c := b.engine, b.collector
	e.mu.Lock()
	if b.ended {
		e.mu.Unlock()
		return
	}
	b.attempt = make(chan struct{})
	if e.attempts == nil {
		e.attempts = make(map[*background]struct{})
	}
	e.attempts[b] = struct{}{}
	e.mu.Unlock()

	o, ran := b.try()

	e.mu.Lock()
	defer e.mu.Unlock()
	c.stats.countBackground(&o, ran)
	if !b.ended {
		b.scheduleNext(time.Now())
		b.tried, b.err = true, o.Err
	}
	close(b.attempt)
	b.attempt = nil
	delete(e.attempts, b)
	e.wakeAll() // Scrapes may wait for the first result.
}

// try starts a run and waits for its end, or finds out why there is none. ran reports
// whether there was a run.
func (b *background) try() (o Outcome, ran bool) {
	e, c := b.engine, b.collector
	ctx, cancel := context.WithTimeout(b.ctx, max(c.Gate.limit(), c.Gate.policy.Background, minPatience))
	defer cancel()
	scrape := NewScrape(ctx) // It lasts for as long as the run may wait for its place.
	defer scrape.End()
	scrape.background = true
	s := start{engine: e, scrape: scrape, jobs: []Job{{Collector: c}}, flights: make([]*flight, 1), outcomes: make([]Outcome, 1)}
	s.watch = watch{scrape: scrape, flights: s.flights}
	defer s.watch.stop()
	s.runQueued()
	f := s.flights[0]
	if f == nil {
		return s.outcomes[0], false
	}
	o.Wait = max(0, f.start.Sub(scrape.began))
	select {
	case <-f.done:
	case <-f.limit:
	case <-b.ctx.Done():
	}
	e.mu.Lock()
	f.waiters--
	overran := f.overran.Load()
	e.mu.Unlock()
	returned := isClosed(f.done)
	switch {
	case overran:
		o.Err = f.atLimit(returned)
	case returned:
		o.Err = f.err
	default:
		o.Err = fmt.Errorf("ended with the background runs: %w", context.Cause(b.ctx))
	}
	o.Duration = time.Since(f.start)
	if returned {
		o.Duration = f.end.Sub(f.start)
	}
	o.Samples, o.Dropped = f.buffer.Snapshot()
	return o, true
}

// before returns what a scrape gets, or nil if it has to wait for the end of the first attempt.
// If the last attempt has failed, orStale adds the last good result. An attempt gets nil, as
// long as it may start a run.
func (b *background) before(s *Scrape, now time.Time) *Outcome {
	switch last := b.collector.Gate.last; {
	case s.background && b.ended:
		return &Outcome{Err: context.Canceled}
	case s.background || !b.tried:
		return nil
	case b.err != nil:
		return &Outcome{Err: b.err}
	default:
		return &Outcome{Samples: last.samples, Dropped: last.dropped, Source: FromBackground, Age: now.Sub(last.at)}
	}
}

// hasEnded reports whether EndBackground has ended the background runs.
func (g *Gate) hasEnded() bool { return g.background != nil && g.background.ended }

// EndBackground ends the background runs of a collector, if it has any: the context of one
// that is under way ends, and no other is started. Scrapes get what there is; if closed is
// true, together with ErrClosed.
//
// c may be nil.
func (e *Engine) EndBackground(c *Collector, closed bool) {
	if c == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	b := c.Gate.background
	if b == nil || b.ended {
		return
	}
	switch {
	case closed:
		b.err = ErrClosed
	case !b.tried:
		b.err = errUnregistered
	}
	b.ended, b.tried = true, true
	b.timer.Stop()
	b.cancel()
	for _, f := range c.flying {
		f.cancel()
		e.move(f, onExpire)
	}
	e.wakeAll()
}

// AwaitEnded waits for runs that EndBackground has ended, but not longer than the given time.
// It returns the names of the collectors whose runs have not returned, sorted.
func (e *Engine) AwaitEnded(wait time.Duration) (stuck []string) {
	tooLong := time.NewTimer(wait)
	defer tooLong.Stop()
	attempts, runs := e.ended()
	for _, attempt := range attempts {
		<-attempt // It ends with its context, whatever the collector does.
	}
	for _, f := range runs {
		if isClosed(f.done) {
			continue
		}
		select {
		case <-f.done:
		case <-tooLong.C:
			tooLong.Reset(0) // For the next one, too.
			stuck = append(stuck, f.collector.Name)
		}
	}
	slices.Sort(stuck)
	return slices.Compact(stuck)
}

// ended returns the attempts and the runs under way that EndBackground has ended.
func (e *Engine) ended() (attempts []<-chan struct{}, runs []*flight) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for b := range e.attempts {
		if b.ended {
			attempts = append(attempts, b.attempt)
		}
	}
	for f := range e.flights {
		if f.collector.Gate.hasEnded() {
			runs = append(runs, f)
		}
	}
	return attempts, runs
}
