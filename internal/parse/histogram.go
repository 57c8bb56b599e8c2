package parse

import (
	"math"
	"slices"
	"strconv"

	"github.com/luxfi/metric/internal/model"
)

// resetHistogram empties h but keeps its memory.
func resetHistogram(h *model.HistogramValue) {
	h.Count, h.CountFloat, h.Sum, h.Native = 0, 0, 0, nil
	h.Buckets, h.Bounds, h.Counts = h.Buckets[:0], nil, nil
}

// boundsCache holds the bounds of the last histogram. All histograms with the same bounds share them.
type boundsCache struct{ bounds []float64 }

// finish checks the histogram in s, and gives it the representation that is the fastest to write. plain
// states that it has neither exemplars nor float counts.
func (c *boundsCache) finish(s *model.Scratch, plain bool) error {
	h := &s.Histogram
	if err := model.SortBuckets(h.Buckets); err != nil {
		return err
	}
	if err := model.CheckBuckets(h); err != nil {
		return err
	}
	n := len(h.Buckets)
	if n > 0 && math.IsInf(h.Buckets[n-1].UpperBound, +1) {
		n--
	}
	if !plain || n == 0 {
		return nil
	}
	if !c.fits(h.Buckets[:n]) {
		c.bounds = make([]float64, n)
		for i := range c.bounds {
			c.bounds[i] = h.Buckets[i].UpperBound
		}
	}
	s.Counts = slices.Grow(s.Counts[:0], n+1)[:n+1]
	for i := range n {
		s.Counts[i] = h.Buckets[i].Count
	}
	s.Counts[n] = h.Count
	h.Bounds, h.Counts, h.Buckets = c.bounds, s.Counts, h.Buckets[:0]
	return nil
}

func (c *boundsCache) fits(buckets []model.Bucket) bool {
	if len(c.bounds) != len(buckets) {
		return false
	}
	for i := range buckets {
		if math.Float64bits(buckets[i].UpperBound) != math.Float64bits(c.bounds[i]) {
			return false
		}
	}
	return true
}

// unifyCounts converts all counts of h to floats if one of them is a float.
func unifyCounts(h *model.HistogramValue) {
	if h.CountFloat == 0 && !slices.ContainsFunc(h.Buckets, func(b model.Bucket) bool { return b.CountFloat != 0 }) {
		return
	}
	if h.CountFloat == 0 {
		h.CountFloat, h.Count = float64(h.Count), 0
	}
	for i := range h.Buckets {
		if b := &h.Buckets[i]; b.CountFloat == 0 {
			b.CountFloat, b.Count = float64(b.Count), 0
		}
	}
}

// countOf returns the count in text, as an integer if possible, and otherwise as a float. v is the value of
// text as a float.
func countOf(v float64, text string) (n uint64, float float64) {
	const limit = 1 << 64
	if v >= maxExact {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n, 0
		}
	}
	if v >= 0 && v < limit && v == math.Trunc(v) {
		return uint64(v), 0
	}
	return 0, v
}

// numbers caches the values of the texts of bounds and quantiles, in the order of the last point.
type numbers []number

type number struct {
	text  string
	value float64
}

// at returns the value of the text at index i of its point. ok is false if text is not a number.
func (ns *numbers) at(i int, text string) (v float64, ok bool) {
	if i < len(*ns) && (*ns)[i].text == text {
		return (*ns)[i].value, true
	}
	if v, ok = parseFloat(text); !ok {
		return 0, false
	}
	if i <= len(*ns) {
		*ns = append((*ns)[:i], number{text, v})
	}
	return v, true
}
