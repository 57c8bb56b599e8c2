package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrRecursive is the error of a collector that a scrape cannot run because that scrape
// is part of a run of the same collector. Whether it started another run or joined its
// own, it would never end.
var ErrRecursive = errors.New("it gathers from itself: it collects from a registry that it is registered with")

// isUnderWay reports whether ctx is that of a run of c, or of a run that such a run has
// started, and so on.
func isUnderWay(ctx context.Context, c *Collector) bool {
	for r, _ := ctx.Value(runKey{}).(*run); r != nil; r, _ = r.outer.Value(runKey{}).(*run) {
		if r.of == c || c.Origin != nil && r.of.Origin == c.Origin {
			return true
		}
	}
	return false
}

// refuseRecursive keeps the jobs from being started whose collectors have asked for this
// scrape themselves.
func (s *start) refuseRecursive() {
	if s.ctx.Value(runKey{}) == nil {
		return
	}
	kept := s.pending[:0]
	for _, i := range s.pending {
		if isUnderWay(s.ctx, s.jobs[i].Collector) {
			s.outcomes[i].Err = fmt.Errorf("not started: %w", ErrRecursive)
			continue
		}
		kept = append(kept, i)
	}
	s.pending = kept
}

// maxOverdueElsewhere is how many overdue runs of one origin keep engines from starting
// it that have none themselves. A program that makes a registry for each request
// registers a stuck collector again and again, and each registry finds it idle. It is
// more than one so that a registry whose scrapes are too short for a slow collector
// takes it from no other registry.
const maxOverdueElsewhere = 2

// overdue counts the overdue runs of all engines by origin. Its mutex is taken last.
var overdue struct {
	any  atomic.Bool // There is one. So healthy scrapes need no lock.
	mu   sync.Mutex
	runs map[any]int
}

// isOverdueElsewhere reports whether so many runs of c's origin are overdue that c must
// not be started.
func (c *Collector) isOverdueElsewhere() bool {
	if c.Origin == nil || !overdue.any.Load() {
		return false
	}
	overdue.mu.Lock()
	defer overdue.mu.Unlock()
	return overdue.runs[c.Origin] >= maxOverdueElsewhere
}

// addOverdue counts a run that has become overdue, or, if n is -1, has returned.
func (c *Collector) addOverdue(n int) {
	c.overdue += n
	if c.Origin == nil {
		return
	}
	overdue.mu.Lock()
	defer overdue.mu.Unlock()
	if overdue.runs == nil {
		overdue.runs = make(map[any]int)
	}
	overdue.runs[c.Origin] += n
	if overdue.runs[c.Origin] == 0 {
		delete(overdue.runs, c.Origin)
	}
	overdue.any.Store(len(overdue.runs) > 0)
}
