package query

import (
	"slices"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// rower computes the values of rows.
type rower struct {
	s       *store.Snapshot
	before  *earlier
	elapsed time.Duration // since before
	columns columns
}

// values returns the values of a series, in the order of the columns.
func (r *rower) values(s *store.Series) []api.Number {
	values := make([]api.Number, 0, len(r.columns.names))
	add := func(numbers ...float64) {
		for _, n := range numbers {
			values = append(values, toAPI(n))
		}
	}
	switch r.columns.family.Type {
	case model.Counter:
		add(numberAt(r.s, s, 0), r.rate(s))
	case model.Histogram, model.GaugeHistogram:
		add(r.histogram(s)...)
	case model.Summary:
		add(r.counted(s)...)
		for _, q := range r.columns.quantiles {
			add(named(r.s, s, slices.Index(s.Shape.Quantiles, q), firstAt))
		}
	case model.StateSet:
		for _, state := range r.columns.states {
			add(named(r.s, s, slices.Index(s.Shape.States, state), 0))
		}
	default:
		add(numberAt(r.s, s, 0))
	}
	return values
}

// named returns the number of a quantile or state. It is Missing if the series does not have it.
func named(s *store.Snapshot, series *store.Series, i, first int) float64 {
	if i < 0 {
		return store.Missing
	}
	return numberAt(s, series, first+i)
}

// rate returns the increase of a counter per second.
func (r *rower) rate(s *store.Series) float64 {
	if r.elapsed <= 0 {
		return store.Missing
	}
	now, before := numberAt(r.s, s, 0), store.Missing
	if old := r.before.series(s); old != nil {
		before = numberAt(r.before.snapshot, old, 0)
	}
	if store.IsMissing(before) && bornBetween(s.Created, r.before.snapshot.At, r.s.At) {
		before = 0
	}
	return perSecond(increaseOf(before, now), r.elapsed)
}

func perSecond(increase float64, elapsed time.Duration) float64 {
	if store.IsMissing(increase) || elapsed <= 0 {
		return store.Missing
	}
	return increase / elapsed.Seconds()
}

// increase returns the increase of a histogram's or summary's numbers, and reports whether it is known.
func (r *rower) increase(s *store.Series) (increase []float64, ok bool) {
	if r.elapsed <= 0 {
		return nil, false
	}
	now := numbersOf(r.s, s)
	var before []float64
	switch old := r.before.series(s); {
	case old != nil:
		before = aligned(r.before.snapshot, old, s)
	case bornBetween(s.Created, r.before.snapshot.At, r.s.At):
		before = make([]float64, len(now))
	default:
		return nil, false
	}
	increase = make([]float64, len(now))
	return increase, histogramIncrease(increase, before, now)
}

// counted returns the count, rate and average of a summary.
func (r *rower) counted(s *store.Series) []float64 {
	now := numbersOf(r.s, s)[:firstAt]
	increase, ok := r.counts(s)
	rate := store.Missing
	if ok {
		rate = perSecond(increase[countAt], r.elapsed)
	}
	if !ok || !(increase[countAt] > 0) {
		increase = now
	}
	return []float64{now[countAt], rate, ratio(increase[sumAt], increase[countAt])}
}

// counts is increase without the quantiles of a summary, which are not counters.
func (r *rower) counts(s *store.Series) (increase []float64, ok bool) {
	head := *s
	head.Cols = s.Cols[:min(len(s.Cols), firstAt)]
	if r.elapsed <= 0 {
		return nil, false
	}
	now := numbersOf(r.s, &head)
	before := make([]float64, firstAt)
	if old := r.before.series(s); old != nil {
		before[countAt], before[sumAt] = numberAt(r.before.snapshot, old, countAt), numberAt(r.before.snapshot, old, sumAt)
	} else if !bornBetween(s.Created, r.before.snapshot.At, r.s.At) {
		return nil, false
	}
	increase = make([]float64, firstAt)
	return increase, histogramIncrease(increase, before, now)
}

// histogram returns the numbers of a histogram. They describe the observations since before or, if there were
// none since then, all observations.
func (r *rower) histogram(s *store.Series) []float64 {
	now := numbersOf(r.s, s)
	shown, values := now, []float64{now[countAt]}
	if r.columns.family.Type == model.Histogram {
		increase, ok := r.increase(s)
		if ok && increase[countAt] > 0 {
			shown = increase
		}
		if !ok { // The buckets may differ, but not their sum.
			increase, ok = r.counts(s)
		}
		rate := store.Missing
		if ok {
			rate = perSecond(increase[countAt], r.elapsed)
		}
		values = append(values, rate)
	}
	values = append(values, ratio(shown[sumAt], shown[countAt]))
	counts := make([]float64, len(s.Shape.Buckets))
	for i := range counts {
		if firstAt+i < len(shown) {
			counts[i] = zeroIfMissing(shown[firstAt+i])
		}
	}
	for _, q := range shownQuantiles {
		values = append(values, quantile(q, s.Shape.Buckets, counts, s.Shape.Native))
	}
	return values
}

// ratio returns a/b, or Missing if that is meaningless.
func ratio(a, b float64) float64 {
	if store.IsMissing(a) || store.IsMissing(b) || b == 0 {
		return store.Missing
	}
	return a / b
}
