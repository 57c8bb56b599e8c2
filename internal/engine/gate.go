package engine

import "time"

// Gate decides about the runs of one collector by its policies. The rest of the engine asks it
// at four points, and never looks at a policy itself:
//
//	point           question                                      method
//	before a run    does the scrape get an answer without one?    before
//	                does a policy refuse a run now?               refuses
//	a run starts    is everything there that it needs?            enter, which returns its pass
//	a run ends,     what does that say about the collector?       pass.judge, pass.release, keep
//	or is left
//	an answer       what is served in place of a failure?         orStale
//
// Between the two questions before a run the engine joins a run that is under way, if there is
// one. So the order is that of docs/policies.md.
//
// The zero value has no policies and asks for nothing. A gate must not be copied once its
// collector is in use; the engine's mutex guards it then.
type Gate struct {
	policy     Policy
	last       *result  // The last good one, if results are kept.
	background schedule // Nil if there are no background runs.
}

// NewGate returns the gate of a collector with these policies. p may be nil.
func NewGate(p *Policy) Gate {
	if p == nil {
		return Gate{}
	}
	return Gate{policy: *p}
}

// priority orders the start of collectors that wait for a place, the highest first.
func (g *Gate) priority() int { return g.policy.Priority }

// keeps reports whether good results are kept for other scrapes.
func (g *Gate) keeps() bool {
	return g.policy.Cache > 0 || g.policy.Stale > 0 || g.policy.Background != nil
}

// limit returns how long a run may take by itself, 0 if there is no limit.
func (g *Gate) limit() time.Duration {
	if g.policy.Timeout == 0 && g.background != nil {
		return max(g.policy.Background.Period(), minLimit)
	}
	return g.policy.Timeout
}

// minAfterLimit is how long a run that has passed its collector's own limit has for
// returning, at least.
const minAfterLimit = time.Second

// afterLimit returns how long a run that can see its context has for returning after it has
// passed the given limit.
func (g *Gate) afterLimit(limit time.Duration) time.Duration {
	if g.background != nil {
		return minAfterLimit // No scrape listens meanwhile, nor sees that it is stuck.
	}
	return max(limit, minAfterLimit)
}

// bound limits what a run may send, where the policies ask for that.
func (g *Gate) bound(b *Buffer) {
	if g.background != nil {
		b.boundBackground()
	}
}

// admits reports whether a run may be started for s at all. If not, s waits for the first
// result of a background run.
func (g *Gate) admits(s *Scrape) bool { return g.background == nil || s.background }

// hasEnded reports whether EndBackground has ended the background runs.
func (g *Gate) hasEnded() bool { return g.background != nil && g.background.hasEnded() }

// before returns the answer to s if it needs no run, or else nil.
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
		g.policy.Breaker.meet(s.patience, now)
	}
	return nil
}

// cached returns the last good result, if it is young enough to be served instead of a run.
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

// refuses returns why no run may be started now, if so. It changes nothing.
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

// enter takes what a run needs and returns the run's pass. It takes nothing, and ok is false,
// if something is missing: see wait.
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

// group returns the group in which its runs need a place, or nil.
func (g *Gate) group() Places { return g.policy.Group }

// wait has wake receive a value whenever enter may succeed after it has failed.
func (g *Gate) wait(wake chan struct{}) {
	if g.policy.Group != nil {
		g.policy.Group.wait(wake)
	}
}

// stopWaiting undoes wait.
func (g *Gate) stopWaiting(wake chan struct{}) {
	if g.policy.Group != nil {
		g.policy.Group.stopWaiting(wake)
	}
}

// keep keeps the result of a good run that has returned at this time.
func (g *Gate) keep(b *Buffer, now time.Time) {
	if b != nil && g.keeps() {
		g.last = &result{b.Snapshot(), now}
	}
}

// orStale returns o, or the last good result in its place if o is a failure.
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

// report adds to an account how things are now.
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

// verdict is what the end of a run, or that it was left behind, says about its collector.
type verdict int

const (
	isGood      verdict = iota
	isBad               // It has failed, or taken too long.
	isNeither           // It was ended too early to tell.
	isUndecided         // It goes on: what becomes of it may still say something.
)

// pass is what one run has been given by its gate.
type pass struct {
	gate   *Gate
	place  *place // In its collector's group; nil if it has none, or has given it up.
	judged bool   // The breaker knows how it ended.
}

// isFair reports whether a run that has had so much time has had enough of it to be called a
// failure.
func (p *pass) isFair(given time.Duration) bool {
	b := p.gate.policy.Breaker
	return b == nil || b.isFair(given)
}

// judge tells the breaker about the run. After the first verdict others are ignored, except
// that isUndecided always lets another run be the probe of a half-open breaker.
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

// markOverdue notes that the run is overdue: for every scrape if its time is over, or else for
// those that would not have given it as much time as it has taken.
func (p *pass) markOverdue(timeIsOver bool) {
	if p.place != nil {
		p.gate.policy.Group.markOverdue(p.place, timeIsOver)
	}
}

// wakeOthers lets those who wait for the run's place look again at what is in their way.
func (p *pass) wakeOthers() {
	if p.place != nil {
		p.gate.policy.Group.wake()
	}
}

// release gives up the run's place in a group, if it has one.
func (p *pass) release() {
	if p.place != nil {
		p.gate.policy.Group.release(p.place)
		p.place = nil
	}
}

// fullGroup says that the collector's group has no place, or is empty if it has one.
func (g *Gate) fullGroup() string {
	if g.policy.Group == nil {
		return ""
	}
	return g.policy.Group.whyFull()
}
