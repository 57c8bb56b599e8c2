package stripe

// The types whose sizes matter.
type (
	Cell   = cell
	Stripe = stripe
)

const (
	LineSize = lineSize
	MaxCount = maxCount
)

// Spread gives the counter stripes like contention does.
func (c *Counter) Spread() { c.spread() }

// SpreadOver gives the counter, which must have none, so many stripes.
func (c *Counter) SpreadOver(n int) {
	c.stripes.Store(newStripes(n))
}

// Count returns how many stripes the counter has.
func (c *Counter) Count() int {
	if stripes := c.stripes.Load(); stripes != nil {
		return len(stripes.cells)
	}
	return 0
}

// Cells returns the cells of the stripes.
func (s *Inline) Cells() (cells []*Cell) {
	for i := range s.cells {
		cells = append(cells, &s.cells[i].cell)
	}
	return cells
}

// Fractions returns what the counter's own cell has of them.
func (c *Counter) Fractions() float64 { return c.float() }

// ShuffleAt is Shuffle at a time.
func ShuffleAt(now int64) { shuffleAt(now) }

// Shuffled tells how goroutines get their indexes; it changes when they get others.
func Shuffled() uint64 { return shuffled.Load() }

// ForgetShuffles lets Shuffle work at once, whatever ShuffleAt was told.
func ForgetShuffles() {
	shuffledAt.Store(0)
	shufflePause.Store(0)
}
