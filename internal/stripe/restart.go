package stripe

import "math"

// Pulse returns a number that changes with each addition that changes the sum. It returns 0 before the
// first one.
func (c *Counter) Pulse() (pulse uint64) {
	pulse = pulseOf(c.ints.Load(), c.floats.Load())
	if stripes := c.stripes.Load(); stripes != nil {
		for i := range stripes.cells {
			cell := &stripes.cells[i]
			pulse += pulseOf(cell.ints.Load(), cell.floats.Load())
		}
	}
	return pulse
}

func pulseOf(ints, floats uint64) uint64 { return ints + floats*goldenRatio }

// cells returns all parts of the sum.
func (c *Counter) cells() []*cell {
	cells := []*cell{&c.cell}
	if stripes := c.stripes.Load(); stripes != nil {
		for i := range stripes.cells {
			cells = append(cells, &stripes.cells[i].cell)
		}
	}
	return cells
}

// TakeAll subtracts its value from the counter and returns true, unless the pulse is no longer the
// given one. Concurrent additions stay.
func (c *Counter) TakeAll(pulse uint64) bool {
	cells := c.cells()
	ints, floats := make([]uint64, len(cells)), make([]uint64, len(cells))
	for i, cell := range cells {
		ints[i], floats[i] = cell.ints.Load(), cell.floats.Load()
		pulse -= pulseOf(ints[i], floats[i])
	}
	if pulse != 0 {
		return false
	}
	for i, cell := range cells {
		cell.ints.Add(-ints[i])
		cell.subtractFloat(floats[i])
	}
	return true
}

// MoveTo subtracts its value from the counter, and adds it to another counter.
func (c *Counter) MoveTo(to *Counter) {
	for _, cell := range c.cells() {
		to.AddUint(cell.ints.Swap(0))
		if f := math.Float64frombits(cell.floats.Swap(0)); f != 0 {
			to.Add(f)
		}
	}
}

// subtractFloat subtracts the value that the floats had when their bits were read. If they have not
// changed since, which is usual, the result is zero, also for infinities and NaN.
func (c *cell) subtractFloat(bits uint64) {
	for bits != 0 && !c.floats.CompareAndSwap(bits, 0) {
		now := c.floats.Load()
		rest := math.Float64frombits(now) - math.Float64frombits(bits)
		if now != bits && c.floats.CompareAndSwap(now, math.Float64bits(rest)) {
			return
		}
	}
}
