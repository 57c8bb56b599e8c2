package engine

import "sync"

// Group bounds how many runs of its collectors are under way at once, whichever
// engines they belong to. It is safe for concurrent use.
type Group struct {
	max int

	mu      sync.Mutex
	running int
	waiting map[chan struct{}]struct{} // Scrapes that wait for a place.
}

// NewGroup returns a group for at most limit runs at once.
func NewGroup(limit int) *Group {
	return &Group{max: limit, waiting: make(map[chan struct{}]struct{})}
}

// tryAcquire takes a place if there is one.
func (g *Group) tryAcquire() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running >= g.max {
		return false
	}
	g.running++
	return true
}

func (g *Group) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	for wake := range g.waiting {
		notify(wake)
	}
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
