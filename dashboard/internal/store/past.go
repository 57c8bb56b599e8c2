package store

import (
	"slices"
	"time"
)

// past holds the numbers of samples. They are recorded in generations, so that dropping the oldest ones
// does not touch the rest.
type past struct {
	sealed []*generation // oldest first
	bytes  int           // size of all sealed generations
	now    *recording
}

// generationsPerWindow is the least number of generations in which a window is recorded. The store keeps at
// most one generation more than necessary.
const generationsPerWindow = 6

// minTicks is the least number of ticks in a generation, unless the window is shorter. Fewer would waste
// memory, because each generation takes at least five bytes per column.
const minTicks = 8

// isFull reports whether a sample at that time begins a new generation. memory is the limit of the past.
func (p *past) isFull(at time.Time, window time.Duration, memory int) bool {
	times := p.now.times
	if len(times) == 0 {
		return false
	}
	if at.UnixNano()-times[0] >= int64(window/generationsPerWindow) {
		return true
	}
	const most = 1 << 30 // Offsets are 32 bits long.
	used := int(p.now.blocks) * blockSize
	return used > most || len(times) >= minTicks && memory > 0 && used > memory/(generationsPerWindow+2)
}

// rotate adds the sealed generation g and begins a new recording.
func (p *past) rotate(g *generation, columns int) {
	p.sealed = append(p.sealed, g)
	p.bytes += g.memory()
	p.now = newRecording(columns)
	p.now.number = g.number + 1
}

// drop forgets the oldest generation.
func (p *past) drop() *generation {
	g := p.sealed[0]
	// Readers may still use the list.
	p.sealed = slices.Clone(p.sealed[1:])
	p.bytes -= g.memory()
	return g
}

// memory returns how much memory the past takes.
func (p *past) memory() int { return p.bytes + p.now.memory() }

// samples returns the number of samples, and the time of the first, or 0.
func (p *past) samples() (n int, first int64) {
	for _, g := range p.sealed {
		n += len(g.times)
	}
	n += len(p.now.times)
	switch {
	case len(p.sealed) > 0:
		first = p.sealed[0].times[0]
	case n > 0:
		first = p.now.times[0]
	}
	return n, first
}

// isLastOnly reports whether only the last sample is later than from.
func (p *past) isLastOnly(from int64) bool {
	times := p.now.times // They contain at least the last sample, if there is one.
	switch n := len(times); {
	case n == 0 || times[n-1] <= from:
		return false
	case n > 1:
		return times[n-2] <= from
	default:
		return len(p.sealed) == 0 || lastOf(p.sealed[len(p.sealed)-1].times) <= from
	}
}

// view is a part of the past that can be read without a lock.
type view struct {
	sealed  []*generation
	times   []int64 // of the recording
	columns []column
	chunks  []*chunk
}

// view returns the given columns at the times after from.
func (p *past) view(from int64, cols []int32) view {
	v := view{sealed: p.sealed, times: p.now.times, chunks: p.now.chunks}
	for len(v.sealed) > 0 && lastOf(v.sealed[0].times) <= from {
		v.sealed = v.sealed[1:]
	}
	v.columns = make([]column, len(cols))
	for i, c := range cols {
		if c >= 0 && int(c) < len(p.now.columns) {
			v.columns[i] = p.now.columns[c]
		}
	}
	return v
}

func lastOf(times []int64) int64 { return times[len(times)-1] }

// read decodes a view.
func (v *view) read(from int64, cols []int32) (times []time.Time, numbers [][]float64) {
	all := make([][]int64, 0, len(v.sealed)+1)
	for _, g := range v.sealed {
		all = append(all, g.times)
	}
	all = append(all, v.times)
	skip := 0 // ticks of the first part
	for skip < len(all[0]) && all[0][skip] <= from {
		skip++
	}
	n := -skip
	for _, part := range all {
		n += len(part)
	}
	times = make([]time.Time, 0, n)
	for i, part := range all {
		if i == 0 {
			part = part[skip:]
		}
		for _, nanos := range part {
			times = append(times, time.Unix(0, nanos))
		}
	}
	numbers = make([][]float64, len(cols))
	flat := make([]float64, n*len(cols))
	var data []byte
	for i, c := range cols {
		out := flat[i*n : (i+1)*n : (i+1)*n]
		numbers[i] = out
		skipped := skip
		for _, g := range v.sealed {
			decode(g.column(c), skipped, out[:len(g.times)-skipped])
			out = out[len(g.times)-skipped:]
			skipped = 0
		}
		data = v.columns[i].appendTo(data[:0], v.chunks)
		decode(data, skipped, out)
	}
	return times, numbers
}
