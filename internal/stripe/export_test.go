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

// Spread gives the counter stripes, as contention does.
func (c *Counter) Spread() { c.spread() }

// SpreadOver gives the counter n stripes. The counter must have no stripes yet.
func (c *Counter) SpreadOver(n int) {
	c.stripes.Store(newStripes(n))
}

// Count returns the number of stripes of the counter.
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

// Fractions returns the fractions in the counter's own cell.
func (c *Counter) Fractions() float64 { return c.float() }

// ShuffleAt is [Shuffle] at the given time.
func ShuffleAt(now int64) { shuffleAt(now) }

// Shuffled returns the state from which goroutines get their indexes. It changes when they get new
// ones.
func Shuffled() uint64 { return shuffled.Load() }

// ForgetShuffles makes the next Shuffle effective, regardless of earlier calls of ShuffleAt.
func ForgetShuffles() {
	shuffledAt.Store(0)
	shufflePause.Store(0)
}
