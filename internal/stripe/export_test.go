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
	stripes := make(Stripes, n)
	c.stripes.Store(&stripes)
}

// Count returns how many stripes the counter has.
func (c *Counter) Count() int {
	if stripes := c.stripes.Load(); stripes != nil {
		return len(*stripes)
	}
	return 0
}

// ShuffleAt is Shuffle at a time.
func ShuffleAt(now int64) { shuffleAt(now) }
