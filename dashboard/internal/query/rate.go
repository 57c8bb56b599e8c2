package query

import (
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// increases walks over the increase of a counter from sample to sample. Where a sample is Missing, it is not
// known how much the counter has increased, unless the series has begun in the meantime: then from zero.
type increases struct {
	w       *window
	created model.Instant
	last    int // The last sample at which the series was there, or the first sample.
}

// known reports whether the increase from sample i-1 to sample i is known, given whether the series is there at the one
// before and now, and whether it has begun at zero in between. It must be called for one sample after the other.
func (s *increases) known(i int, before, now bool) (zero, ok bool) {
	switch {
	case !now:
		return false, false
	case before:
		s.last = i
		return false, true
	}
	zero = bornBetween(s.created, s.w.samples[s.last], s.w.samples[i])
	s.last = i
	return zero, zero
}

// rates returns the rate of a counter per second at each point. Where an interval has samples between which it is
// not known, the rate is that of the others.
func (w *window) rates(numbers []float64, created model.Instant, dst []float64) {
	steps := increases{w: w, created: created}
	for k := range w.points {
		from, to := w.interval(k)
		sum, seconds := 0.0, 0.0
		for i := from + 1; i <= to; i++ {
			before, now := numbers[i-1], numbers[i]
			zero, ok := steps.known(i, !store.IsMissing(before), !store.IsMissing(now))
			if !ok {
				continue
			}
			if zero {
				before = 0
			}
			sum += increaseOf(before, now)
			seconds += w.seconds[i]
		}
		dst[k] = store.Missing
		if seconds > 0 {
			dst[k] = sum / seconds
		}
	}
}

// vectorRates calls visit with the rates of all numbers of a histogram or summary per second, at each point where they
// are known. The slice is used again.
func (w *window) vectorRates(numbers [][]float64, created model.Instant, visit func(k int, rates []float64)) {
	var (
		steps    = increases{w: w, created: created}
		n        = len(numbers)
		before   = make([]float64, n)
		now      = make([]float64, n)
		increase = make([]float64, n)
		total    = make([]float64, n)
	)
	for k := range w.points {
		clear(total)
		from, to := w.interval(k)
		seconds := 0.0
		for i := from + 1; i <= to; i++ {
			zero, ok := steps.known(i, !store.IsMissing(numbers[countAt][i-1]), !store.IsMissing(numbers[countAt][i]))
			if !ok {
				continue
			}
			for c := range numbers {
				before[c], now[c] = numbers[c][i-1], numbers[c][i]
				if zero {
					before[c] = 0
				}
			}
			if histogramIncrease(increase, before, now) {
				seconds += w.seconds[i]
				for c := range total {
					total[c] += increase[c]
				}
			}
		}
		if seconds > 0 {
			for c := range total {
				total[c] /= seconds
			}
			visit(k, total)
		}
	}
}

// add adds numbers to those in dst, of which each is Missing as long as nothing has been added.
func add(dst, numbers []float64) {
	for k, n := range numbers {
		addTo(&dst[k], n)
	}
}

func addTo(dst *float64, n float64) {
	switch {
	case store.IsMissing(n):
	case store.IsMissing(*dst):
		*dst = n
	default:
		*dst += n
	}
}
