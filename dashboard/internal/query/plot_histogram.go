package query

import (
	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// maxHeat limits the rows of a heat map.
const maxHeat = 64

// histogramSum computes the quantiles of a group's observations.
type histogramSum struct {
	w       *window
	union   *union
	heat    *heat
	counter bool        // whether the counts only increase, unlike in a gauge histogram
	counts  [][]float64 // for each point, the counts of the buckets; nil if unknown
}

func newHistogramSum(w *window, u *union, h *heat, counter bool) *histogramSum {
	return &histogramSum{w: w, union: u, heat: h, counter: counter, counts: make([][]float64, len(w.points))}
}

func (h *histogramSum) add(s *store.Series, numbers [][]float64) {
	if len(numbers) < firstAt {
		return
	}
	parts := h.union.partsOf(s.Shape)
	parts = parts[:min(len(parts), len(numbers)-firstAt)]
	visit := func(k int, values []float64) {
		if h.counts[k] == nil {
			h.counts[k] = make([]float64, len(h.union.buckets))
		}
		for j := range parts {
			n := values[firstAt+j]
			if store.IsMissing(n) || !(n > 0) {
				continue
			}
			for _, p := range parts[j] {
				h.counts[k][p.at] += n * p.share
				h.heat.add(k, p.at, n*p.share)
			}
		}
	}
	if h.counter {
		h.w.vectorRates(numbers, s.Created, visit)
		return
	}
	values := make([]float64, len(numbers))
	for k, i := range h.w.points {
		for c := range numbers {
			values[c] = numbers[c][i]
		}
		if !store.IsMissing(values[countAt]) {
			visit(k, values)
		}
	}
}

func (h *histogramSum) lines() []line {
	lines := make([]line, len(shownQuantiles))
	for j, q := range shownQuantiles {
		lines[j] = line{percentile(q), h.w.missing()}
		for k, counts := range h.counts {
			if counts != nil {
				lines[j].values[k] = quantile(q, h.union.buckets, counts, h.union.native)
			}
		}
	}
	return lines
}

// heat holds the observations per second of all groups. Its buckets are those of the union, or fewer buckets
// that each merge several neighbors.
type heat struct {
	buckets []store.Bucket
	size    int // number of buckets of the union that each bucket merges
	counts  [][]float64
}

func newHeat(u *union, points int) *heat {
	return &heat{
		buckets: merged(u.buckets, maxHeat), size: max((len(u.buckets)+maxHeat-1)/maxHeat, 1),
		counts: make([][]float64, points),
	}
}

func (h *heat) add(k, at int, n float64) {
	if h.counts[k] == nil {
		h.counts[k] = make([]float64, len(h.buckets))
	}
	h.counts[k][at/h.size] += n
}

// answer returns the heat map for the page.
func (h *heat) answer() *api.Heat {
	a := &api.Heat{Lower: []api.Number{}, Upper: []api.Number{}, Rows: make([][][2]api.Number, len(h.counts))}
	for _, b := range h.buckets {
		a.Lower, a.Upper = append(a.Lower, api.Number(b.Lower)), append(a.Upper, api.Number(b.Upper))
	}
	for k, counts := range h.counts {
		a.Rows[k] = [][2]api.Number{}
		for i, n := range counts {
			if n > 0 {
				a.Rows[k] = append(a.Rows[k], [2]api.Number{api.Number(i), api.Number(n)})
			}
		}
	}
	return a
}
