package engine

import (
	"fmt"
	"sync"
	"time"
)

// Group bounds how many runs of its collectors are under way at once, whichever engines they
// belong to. A run keeps its place until it returns, even if nobody waits for it any more. It
// is safe for concurrent use.
type Group struct {
	Name string // It must not be changed once the group is used.
	max  int

	mu      sync.Mutex // Taken after that of an engine.
	places  map[*place]struct{}
	waiting map[chan struct{}]struct{} // Scrapes that wait for a place.
}

// place is what one run has of a group. The group's mutex guards it.
type place struct {
	start     time.Time
	overdue   bool // The run is; see stageOverdue.
	pastLimit bool // It has passed its collector's own limit.
}

// NewGroup returns a group for at most limit runs at once.
func NewGroup(limit int) *Group {
	return &Group{max: limit, places: make(map[*place]struct{}), waiting: make(map[chan struct{}]struct{})}
}

// GroupStats is how a group is occupied.
type GroupStats struct {
	Name    string
	Max     int
	Running int // Runs that have not returned.
	Overdue int // Those of them that nobody waits for any more.
}

// Stats returns how the group is occupied.
func (g *Group) Stats() GroupStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := GroupStats{Name: g.Name, Max: g.max, Running: len(g.places)}
	for p := range g.places {
		s.Overdue += btoi(p.overdue)
	}
	return s
}

func (g *Group) isFull() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.places) >= g.max
}

// tryAcquire returns a place, or nil if there is none.
func (g *Group) tryAcquire(now time.Time) *place {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.places) >= g.max {
		return nil
	}
	p := &place{start: now}
	g.places[p] = struct{}{}
	return p
}

func (g *Group) release(p *place) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.places, p)
	g.wakeAll()
}

// markOverdue notes that the run at this place is overdue.
func (g *Group) markOverdue(p *place, pastLimit bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.overdue, p.pastLimit = true, p.pastLimit || pastLimit
	g.wakeAll() // Those who wait may wait in vain now.
}

// wake lets those who wait for a place look again at what is in their way.
func (g *Group) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wakeAll()
}

func (g *Group) wakeAll() {
	for wake := range g.waiting {
		notify(wake)
	}
}

// refuses returns an error if a scrape would wait for a place in vain: runs that are
// stuck have all of them. As with runs of one collector, whether a run is stuck is up to each
// scrape; see flight.inTheWay.
func (g *Group) refuses(s *Scrape, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.places) < g.max {
		return nil
	}
	for p := range g.places {
		if !p.isStuckFor(s, now) {
			return nil
		}
	}
	return fmt.Errorf("runs that are stuck have all %d places of group %q: %w", g.max, g.Name, ErrStillRunning)
}

// whyFull says that there is no place, or is empty if there is one.
func (g *Group) whyFull() string {
	switch {
	case !g.isFull():
		return ""
	case g.max == 1:
		return fmt.Sprintf("the only place of group %q was taken", g.Name)
	default:
		return fmt.Sprintf("all %d places of group %q were taken", g.max, g.Name)
	}
}

func (p *place) isStuckFor(s *Scrape, now time.Time) bool {
	if !p.overdue || p.pastLimit {
		return p.overdue
	}
	patience := s.patience
	if patience == 0 {
		patience = minPatience
	}
	return now.Sub(p.start) >= patience
}

// wait has wake receive a value when a place may be free.
func (g *Group) wait(wake chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[wake] = struct{}{}
}

func (g *Group) stopWaiting(wake chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waiting, wake)
}

// notify sends to wake, which has room for one value.
func notify(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
