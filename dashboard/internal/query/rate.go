package query

import (
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// increases computes the increase of a counter from sample to sample. Where a sample is Missing, the
// increase is unknown, unless the series has begun in the meantime: then it has increased from zero.
type increases struct {
	w       *window
	created model.Instant
	last    int // the last sample that had the series, or the first sample
}

// known returns the duration, in seconds, of the increase that is known at sample i. before and now say
// whether the series is in the previous sample and in this one. zero reports whether the series has
// begun at zero. The duration is 0 if no increase is known. known must be called for one sample after
// the other.
func (s *increases) known(i int, before, now bool) (seconds float64, zero bool) {
	switch {
	case !now:
		return 0, false
	case before:
		s.last = i
		return s.w.seconds[i], false
	}
	zero = bornBetween(s.created, s.w.samples[s.last], s.w.samples[i])
	if zero {
		// The series may have been missing for a while, as when a collector fails.
		since := i - 1
		for since > s.last && s.created.Nanos <= s.w.samples[since].UnixNano() {
			since--
		}
		seconds = s.w.samples[i].Sub(s.w.samples[since]).Seconds()
	}
	s.last = i
	return seconds, zero
}

// rates returns the rate of a counter per second at each point. If the increase is unknown in a part of
// an interval, the rate is that of the rest.
func (w *window) rates(numbers []float64, created model.Instant, dst []float64) {
	steps := increases{w: w, created: created}
	for k := range w.points {
		from, to := w.interval(k)
		sum, seconds := 0.0, 0.0
		for i := from + 1; i <= to; i++ {
			before, now := numbers[i-1], numbers[i]
			step, zero := steps.known(i, !store.IsMissing(before), !store.IsMissing(now))
			if step == 0 {
				continue
			}
			if zero {
				before = 0
			}
			sum += increaseOf(before, now)
			seconds += step
		}
		dst[k] = store.Missing
		if seconds > 0 {
			dst[k] = sum / seconds
		}
	}
}

// vectorRates calls visit with the rates per second of all numbers of a histogram or summary, at each
// point where they are known. It reuses the slice.
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
			step, zero := steps.known(i, !store.IsMissing(numbers[countAt][i-1]), !store.IsMissing(numbers[countAt][i]))
			if step == 0 {
				continue
			}
			for c := range numbers {
				before[c], now[c] = numbers[c][i-1], numbers[c][i]
				if zero {
					before[c] = 0
				}
			}
			if histogramIncrease(increase, before, now) {
				seconds += step
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

// add adds numbers to those in dst, which are Missing until something has been added.
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
