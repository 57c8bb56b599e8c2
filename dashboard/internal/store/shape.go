package store

import (
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// oneValue is the shape of all counters, gauges, infos and untyped series.
var oneValue = &Shape{Kind: Number}

// kindOf returns the kind of series that a family of type t has.
func kindOf(t model.Type) Kind {
	switch t {
	case model.Histogram, model.GaugeHistogram:
		return Histogram
	case model.Summary:
		return Summary
	case model.StateSet:
		return StateSet
	default:
		return Number
	}
}

// width returns the number of numbers in a series of this shape.
func (s *Shape) width() int {
	switch s.Kind {
	case Histogram:
		return 2 + len(s.Buckets)
	case Summary:
		return 2 + len(s.Quantiles)
	case StateSet:
		return len(s.States)
	default:
		return 1
	}
}

// memory returns the memory of the shape.
func (s *Shape) memory() int {
	const header, bucket, number, text = 128, 16, 8, 16
	n := header + len(s.Buckets)*bucket + len(s.Quantiles)*number + len(s.States)*text
	if s.keys != nil {
		n += s.keys.memory()
	}
	return n
}

// carried returns, for each number of a series of shape s, the index of the same number in a series of
// shape old, or -1 if old lacks it. Both shapes are of one kind.
func (s *Shape) carried(old *Shape) []int {
	from := make([]int, 0, s.width())
	switch s.Kind {
	case Histogram:
		from = append(from, 0, 1)
		from = appendIndexes(from, 2, s.Buckets, old.Buckets)
	case Summary:
		from = append(from, 0, 1)
		from = appendIndexes(from, 2, s.Quantiles, old.Quantiles)
	case StateSet:
		from = appendIndexes(from, 0, s.States, old.States)
	default:
		from = append(from, 0)
	}
	return from
}

// appendIndexes appends, for each element of list, its index in old plus offset, or -1.
func appendIndexes[T comparable](indexes []int, offset int, list, old []T) []int {
	where := make(map[T]int, len(old))
	for i, v := range old {
		where[v] = i + offset
	}
	for _, v := range list {
		i, ok := where[v]
		if !ok {
			i = -1
		}
		delete(where, v) // A column belongs to only one number.
		indexes = append(indexes, i)
	}
	return indexes
}

// reader reads points. It reuses its memory.
type reader struct {
	native  nativeReader
	numbers []float64 // numbers of the point, in the order of its shape
}

// readable reports whether p has a value of this kind.
func readable(kind Kind, p *model.Point) bool {
	switch kind {
	case Histogram:
		return p.Histogram != nil
	case Summary:
		return p.Summary != nil
	case StateSet:
		return p.States != nil && len(p.States.Names) > 0
	default:
		return true
	}
}

// read reads the numbers of p, and returns their shape: expected or other if p fits one of them. Both
// may be nil.
func (r *reader) read(kind Kind, p *model.Point, expected, other *Shape) *Shape {
	if kind == Histogram && p.Histogram.Native != nil {
		r.native.read(p.Histogram.Native)
		shape := expected
		if shape == nil || !r.native.fits(shape) {
			shape = r.native.shape(expected)
		}
		r.numbers = r.native.appendNumbers(r.numbers[:0], p.Histogram, shape.keys)
		return shape
	}
	shape := expected
	if shape == nil || !fits(kind, p, shape) {
		if shape = other; shape == nil || !fits(kind, p, shape) {
			shape = newShape(kind, p)
		}
	}
	r.numbers = appendNumbers(r.numbers[:0], kind, p)
	return shape
}

// fits reports whether p has the shape s. p must not have native buckets.
func fits(kind Kind, p *model.Point, s *Shape) bool {
	switch kind {
	case Histogram:
		return !s.Native && fitsBuckets(p.Histogram, s.Buckets)
	case Summary:
		return slices.EqualFunc(p.Summary.Quantiles, s.Quantiles, func(q model.Quantile, rank float64) bool {
			return q.Quantile == rank
		})
	case StateSet:
		return slices.Equal(p.States.Names, s.States)
	default:
		return true
	}
}

func fitsBuckets(h *model.HistogramValue, buckets []Bucket) bool {
	n := h.NumBuckets()
	if n != len(buckets) && n != len(buckets)-1 {
		return false
	}
	for i := range n {
		if upperBound(h, i) != buckets[i].Upper {
			return false
		}
	}
	return n == len(buckets) || math.IsInf(buckets[n].Upper, +1)
}

func upperBound(h *model.HistogramValue, i int) float64 {
	if h.Bounds != nil {
		return h.Bounds[i]
	}
	return h.Buckets[i].UpperBound
}

func newShape(kind Kind, p *model.Point) *Shape {
	s := &Shape{Kind: kind}
	switch kind {
	case Histogram:
		n := p.Histogram.NumBuckets()
		s.Buckets = make([]Bucket, 0, n+1)
		lower := math.Inf(-1)
		for i := range n {
			upper := upperBound(p.Histogram, i)
			s.Buckets = append(s.Buckets, Bucket{lower, upper})
			lower = upper
		}
		if !math.IsInf(lower, +1) {
			s.Buckets = append(s.Buckets, Bucket{lower, math.Inf(+1)})
		}
	case Summary:
		for _, q := range p.Summary.Quantiles {
			s.Quantiles = append(s.Quantiles, q.Quantile)
		}
	case StateSet:
		s.States = slices.Clone(p.States.Names)
	default:
		return oneValue
	}
	return s
}

// appendNumbers appends the numbers of p. p must not have native buckets.
func appendNumbers(numbers []float64, kind Kind, p *model.Point) []float64 {
	switch kind {
	case Histogram:
		return appendBuckets(numbers, p.Histogram)
	case Summary:
		numbers = append(numbers, float64(p.Summary.Count), p.Summary.Sum)
		for _, q := range p.Summary.Quantiles {
			numbers = append(numbers, q.Value)
		}
	case StateSet:
		for i := range p.States.Names {
			numbers = append(numbers, p.States.Value(i))
		}
	default:
		numbers = append(numbers, p.Value)
	}
	return numbers
}

// appendBuckets appends the numbers of a histogram with classic buckets.
func appendBuckets(numbers []float64, h *model.HistogramValue) []float64 {
	all := count{h.Count, h.CountFloat}
	numbers = append(numbers, all.float(), h.Sum)
	var before count
	last := math.Inf(-1)
	for i := range h.NumBuckets() {
		b := h.Bucket(i)
		cumulative := count{b.Count, b.CountFloat}
		numbers = append(numbers, cumulative.minus(before))
		before, last = cumulative, b.UpperBound
	}
	if !math.IsInf(last, +1) {
		numbers = append(numbers, all.minus(before))
	}
	return numbers
}

// count is a count of observations: an integer, unless the float is positive.
type count struct {
	integer  uint64
	fraction float64
}

func (c count) float() float64 {
	if c.fraction > 0 {
		return c.fraction
	}
	return float64(c.integer)
}

// minus returns the difference, or 0 if that would be negative.
func (c count) minus(d count) float64 {
	switch {
	case c.fraction > 0 || d.fraction > 0:
		return max(c.float()-d.float(), 0)
	case c.integer > d.integer:
		return float64(c.integer - d.integer)
	default:
		return 0
	}
}
