package engine

import (
	"fmt"
	"sync"
	"time"
)

// Group bounds how many runs of its collectors are under way at once, in all engines. A run keeps its place
// until it returns, even if no scrape waits for it any more. A Group is safe for concurrent use.
type Group struct {
	Name string // must not be changed once the group is used
	max  int

	mu      sync.Mutex // taken after the mutex of an engine
	places  map[*place]struct{}
	waiting map[chan struct{}]struct{} // scrapes that wait for a place
}

// place is the place of a run in a group. The group's mutex guards it.
type place struct {
	start     time.Time
	overdue   bool // The run is overdue; see stageOverdue.
	pastLimit bool // The run has passed its collector's own limit.
}

// NewGroup returns a group for at most limit runs at once.
func NewGroup(limit int) *Group {
	return &Group{max: limit, places: make(map[*place]struct{}), waiting: make(map[chan struct{}]struct{})}
}

// GroupStats describes how a group is occupied.
type GroupStats struct {
	Name    string
	Max     int
	Running int // runs that have not returned
	Overdue int // how many of these runs no scrape waits for any more
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

// tryAcquire returns a place, or nil if none is free.
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

// markOverdue records that the run at this place is overdue.
func (g *Group) markOverdue(p *place, pastLimit bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.overdue, p.pastLimit = true, p.pastLimit || pastLimit
	g.wakeAll() // The waiters may now have to give up; see refuses.
}

// wake makes the jobs that wait for a place try again.
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

// refuses returns an error if stuck runs have all places, so that s would not get one before its deadline.
// Whether a run is stuck depends on the scrape; see flight.inTheWay.
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

// whyFull returns a message if no place is free, and "" otherwise.
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
	timeAllowed := s.timeAllowed
	if timeAllowed == 0 {
		timeAllowed = minTimeAllowed
	}
	return now.Sub(p.start) >= timeAllowed
}

// wait registers wake. The channel then receives a value when a place may be free.
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

// notify sends to wake without blocking. The channel must have room for one value.
func notify(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
