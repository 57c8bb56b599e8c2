package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrRecursive reports that a scrape cannot run a collector because the scrape is itself part of a run of
// that collector. Whether the scrape started another run or joined its own, it would never end.
var ErrRecursive = errors.New("it gathers from itself: it collects from a registry that it is registered with")

// isUnderWay reports whether ctx belongs to a run of c, directly or through nested runs.
func isUnderWay(ctx context.Context, c *Collector) bool {
	for r := enclosing(ctx); r != nil; r = enclosing(r.Context) {
		if of := r.in.collector; of == c || c.Origin != nil && of.Origin == c.Origin {
			return true
		}
	}
	return false
}

// refuseRecursive refuses the jobs whose collectors have started this scrape themselves.
func (s *starter) refuseRecursive() {
	if enclosing(s.scrape.ctx) == nil {
		return
	}
	kept := s.pending[:0]
	for _, i := range s.pending {
		if isUnderWay(s.scrape.ctx, s.jobs[i].Collector) {
			s.outcomes[i].Err = fmt.Errorf("not started: %w", ErrRecursive)
			continue
		}
		kept = append(kept, i)
	}
	s.pending = kept
}

// lendPlaces gives up the places of the runs that have started this scrape and now wait for it: the scrape
// may need those places.
func (s *starter) lendPlaces() {
	for r := enclosing(s.scrape.ctx); r != nil; r = enclosing(r.Context) {
		e := r.in.engine
		e.mu.Lock()
		e.uncount(r.in)
		r.in.pass.release()
		e.wakeAll()
		e.mu.Unlock()
	}
}

// A program that makes a registry for each request registers a stuck collector again and again, and each
// registry finds it idle. Therefore an engine does not start a collector if the other engines together have
// left too many runs of the same origin behind. The limits are above one, so that one scrape that is too
// short for a slow collector does not keep other registries from running it.
const (
	maxOverdueElsewhere = 2 // runs that are overdue
	maxLeftElsewhere    = 8 // runs that are overdue or may still return soon
)

// leftRuns counts the runs of one origin that were left behind.
type leftRuns struct{ all, overdue int }

// leftByOrigin counts the runs of all engines that were left behind. Its mutex is taken last.
var leftByOrigin struct {
	any  atomic.Bool // runs is not empty; while it is empty, scrapes need no lock
	mu   sync.Mutex
	runs map[any]leftRuns
}

// isStuckElsewhere reports whether so many runs of c's origin were left behind that c must not be started.
func (c *Collector) isStuckElsewhere() bool {
	if c == nil || c.Origin == nil || !leftByOrigin.any.Load() {
		return false
	}
	leftByOrigin.mu.Lock()
	defer leftByOrigin.mu.Unlock()
	runs := leftByOrigin.runs[c.Origin]
	for own := c; own != nil; own = own.Earlier { // These are checked one by one; see obstacle.
		for _, f := range own.flying {
			runs.all -= btoi(f.stage.isLeft())
			runs.overdue -= btoi(f.stage.isOverdue())
		}
	}
	return runs.overdue >= maxOverdueElsewhere || runs.all >= maxLeftElsewhere
}

// countLeft adds to the counts of runs that were left behind and of runs that have become overdue. The
// numbers are negative when such runs return; see [Engine.move].
func (c *Collector) countLeft(left, overdue int) {
	if c.Origin == nil || left == 0 && overdue == 0 {
		return
	}
	leftByOrigin.mu.Lock()
	defer leftByOrigin.mu.Unlock()
	if leftByOrigin.runs == nil {
		leftByOrigin.runs = make(map[any]leftRuns)
	}
	runs := leftByOrigin.runs[c.Origin]
	runs.all += left
	runs.overdue += overdue
	if runs == (leftRuns{}) {
		delete(leftByOrigin.runs, c.Origin)
	} else {
		leftByOrigin.runs[c.Origin] = runs
	}
	leftByOrigin.any.Store(len(leftByOrigin.runs) > 0)
}
