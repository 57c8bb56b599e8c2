package engine

// Occupancy returns how many runs of the group are under way, and how many may be.
func (g *Group) Occupancy() (running, limit int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, g.max
}
