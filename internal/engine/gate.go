package engine

import "time"

// Gate applies the policies of one collector to its runs. The rest of the engine asks it at four points and
// never reads a policy itself:
//
//	point           question                                      method
//	before a run    can the scrape have a result without one?     before
//	                does a policy refuse a run now?               refuses
//	a run starts    does it get everything that it needs?         enter, which returns its pass
//	a run ends,     was it good or bad?                           pass.judge, pass.release, keep
//	or is left
//	an answer       what is served in place of a failure?         orStale
//
// Between the two questions before a run, the engine joins a run that is under way, if any. The order is
// the one documented in docs/policies.md.
//
// The zero value has no policies and asks for nothing. A gate must not be copied once its collector is in
// use. From then on, the engine's mutex guards it.
type Gate struct {
	policy     Policy
	last       *result  // last good result, if results are kept
	background schedule // nil without background runs
}

// NewGate returns the gate of a collector with these policies. p may be nil.
func NewGate(p *Policy) Gate {
	if p == nil {
		return Gate{}
	}
	return Gate{policy: *p}
}

// priority returns the priority of the collector among those that wait for a place. The highest starts
// first.
func (g *Gate) priority() int { return g.policy.Priority }

// keeps reports whether good results are kept for other scrapes.
func (g *Gate) keeps() bool {
	return g.policy.Cache > 0 || g.policy.Stale > 0 || g.policy.Background != nil
}

// limit returns the collector's own limit on the duration of a run, or 0 if it has none.
func (g *Gate) limit() time.Duration {
	if g.policy.Timeout == 0 && g.background != nil {
		return max(g.policy.Background.Period(), minLimit)
	}
	return g.policy.Timeout
}

// minAfterLimit is the least time that a run has to return after it has passed its collector's own limit.
const minAfterLimit = time.Second

// afterLimit returns how long a run that can see its context has to return after it has passed the given
// limit.
func (g *Gate) afterLimit(limit time.Duration) time.Duration {
	if g.background != nil {
		return minAfterLimit // No scrape waits meanwhile, nor can see that the run is stuck.
	}
	return max(limit, minAfterLimit)
}

// bound limits the samples that a run may send, if the policies require that.
func (g *Gate) bound(b *Buffer) {
	if g.background != nil {
		b.boundBackground()
	}
}

// admits reports whether a run may be started for s at all. If not, s waits for the first result of a
// background run.
func (g *Gate) admits(s *Scrape) bool { return g.background == nil || s.background }

// hasEnded reports whether [Engine.EndBackground] has ended the background runs.
func (g *Gate) hasEnded() bool { return g.background != nil && g.background.hasEnded() }

// before returns the answer to s if it needs no run, and nil otherwise.
func (g *Gate) before(s *Scrape, now time.Time) *Outcome {
	if g.background != nil {
		if o := g.background.before(s, now); o != nil || !s.background {
			return o
		}
	}
	if o := g.cached(now); o != nil {
		return o
	}
	if g.policy.Breaker != nil {
		g.policy.Breaker.noteTimeAllowed(s.timeAllowed, now)
	}
	return nil
}

// cached returns the last good result if it is recent enough to be served in place of a run, and nil
// otherwise.
func (g *Gate) cached(now time.Time) *Outcome {
	if g.last == nil {
		return nil
	}
	age := now.Sub(g.last.at)
	if age >= g.policy.Cache {
		return nil
	}
	return &Outcome{Given: g.last.Given, Source: FromCache, Age: age}
}

// refuses returns the reason why no run may be started now, or nil. It changes nothing.
func (g *Gate) refuses(s *Scrape, now time.Time) error {
	switch p := &g.policy; {
	case p.Breaker != nil && p.Breaker.refuses(now):
		return ErrBreakerOpen
	case p.Rate != nil && p.Rate.TokensAt(now) < 1:
		return ErrRateLimited
	case p.Group != nil:
		return p.Group.refuses(s, now)
	}
	return nil
}

// enter acquires the token and the place that a run needs, and returns the run's pass. If something is
// missing, it acquires nothing and ok is false; see [Gate.wait].
func (g *Gate) enter(now time.Time) (in pass, ok bool) {
	in.gate = g
	if g.policy.Group != nil {
		if in.place = g.policy.Group.tryAcquire(now); in.place == nil {
			return pass{}, false
		}
	}
	if g.policy.Breaker != nil {
		g.policy.Breaker.started(now)
	}
	if g.policy.Rate != nil {
		g.policy.Rate.AllowN(now, 1)
	}
	return in, true
}

// group returns the group in which the runs need a place, or nil.
func (g *Gate) group() Places { return g.policy.Group }

// wait registers wake. The channel then receives a value whenever enter may succeed after a failure.
func (g *Gate) wait(wake chan struct{}) {
	if g.policy.Group != nil {
		g.policy.Group.wait(wake)
	}
}

// stopWaiting undoes [Gate.wait].
func (g *Gate) stopWaiting(wake chan struct{}) {
	if g.policy.Group != nil {
		g.policy.Group.stopWaiting(wake)
	}
}

// keep keeps the result of a good run that has returned at the given time.
func (g *Gate) keep(b *Buffer, now time.Time) {
	if b != nil && g.keeps() {
		g.last = &result{b.Snapshot(), now}
	}
}

// orStale returns o or, if o is a failure, the last good result in its place.
func (g *Gate) orStale(o Outcome, now time.Time) Outcome {
	if o.Err == nil || g.last == nil {
		return o
	}
	age := now.Sub(g.last.at)
	unbounded := g.background != nil && g.policy.Stale == 0
	if age > g.policy.Stale && !unbounded {
		return o
	}
	o.Given, o.Source, o.Age = g.last.Given, FromStale, age
	return o
}

// report adds the present state of the policies to s.
func (g *Gate) report(s *Stats, now time.Time) {
	if g.background != nil {
		g.background.report(s)
	}
	if g.last != nil {
		s.LastGood = g.last.at
	}
	if b := g.policy.Breaker; b != nil {
		b.report(s, now)
	}
}

// verdict is the judgment on a collector after a run of it has ended or was left behind.
type verdict int

const (
	isGood      verdict = iota
	isBad               // The run has failed or taken too long.
	isNeither           // The run was ended too early to tell.
	isUndecided         // The run goes on, and may still get a verdict.
)

// pass holds what the gate has given to a run.
type pass struct {
	gate   *Gate
	place  *place // place in the collector's group; nil if the run has none or has released it
	judged bool   // The breaker knows how the run ended.
}

// isFair reports whether a run that was given so much time may be called a failure.
func (p *pass) isFair(given time.Duration) bool {
	b := p.gate.policy.Breaker
	return b == nil || b.isFair(given)
}

// judge passes a verdict on the run to the breaker. The breaker gets the first verdict only, except that
// isUndecided always lets another run be the probe of a half-open breaker.
func (p *pass) judge(v verdict, now time.Time) {
	b := p.gate.policy.Breaker
	switch {
	case b == nil:
	case v == isUndecided:
		b.judge(v, now)
	case p.judged:
	default:
		p.judged = true
		b.judge(v, now)
	}
}

// markOverdue records that the run is overdue. If timeIsOver is set, it is overdue for every scrape.
// Otherwise it is overdue for scrapes that allow less time than the run has taken.
func (p *pass) markOverdue(timeIsOver bool) {
	if p.place != nil {
		p.gate.policy.Group.markOverdue(p.place, timeIsOver)
	}
}

// wakeOthers wakes the waiters for the run's place, so that they check again whether they can start.
func (p *pass) wakeOthers() {
	if p.place != nil {
		p.gate.policy.Group.wake()
	}
}

// release releases the run's place in a group, if it has one.
func (p *pass) release() {
	if p.place != nil {
		p.gate.policy.Group.release(p.place)
		p.place = nil
	}
}

// fullGroup returns a message if the collector's group has no free place, and "" otherwise.
func (g *Gate) fullGroup() string {
	if g.policy.Group == nil {
		return ""
	}
	return g.policy.Group.whyFull()
}
