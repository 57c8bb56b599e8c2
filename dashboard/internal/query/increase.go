package query

import (
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// Positions of a histogram's or summary's numbers in its shape.
const (
	countAt = iota
	sumAt
	firstAt // the first bucket or quantile
)

// earlier looks up the series of a family in an earlier snapshot.
type earlier struct {
	snapshot *store.Snapshot
	same     bool // whether the family has not changed since, so that its series are the same
	byKey    map[string]*store.Series
}

// newEarlier prepares lookups for the series of family. before may be nil.
func newEarlier(before *store.Snapshot, family *store.Family) *earlier {
	e := &earlier{snapshot: before}
	old := (*store.Family)(nil)
	if before != nil {
		old = before.Find(family.Name)
	}
	switch {
	case old == nil:
	case old == family:
		e.same = true
	case old.Type == family.Type:
		e.byKey = byKey(old)
	}
	return e
}

func byKey(f *store.Family) map[string]*store.Series {
	keys := make(map[string]*store.Series, len(f.Series))
	for _, s := range f.Series {
		keys[s.Key] = s
	}
	return keys
}

// series returns the earlier state of a series, or nil.
func (e *earlier) series(s *store.Series) *store.Series {
	if e.same {
		return s
	}
	return e.byKey[s.Key]
}

// bornBetween reports whether a series is known to have begun after the time after and not after until.
func bornBetween(created model.Instant, after, until time.Time) bool {
	return created.Valid && created.Nanos > after.UnixNano() && created.Nanos <= until.UnixNano()
}

// increaseOf returns the increase of a counter. If it is less than before, it has been reset, and all of
// its value is new. If one of the numbers is Missing, so is the increase.
func increaseOf(before, now float64) float64 {
	switch {
	case store.IsMissing(before) || store.IsMissing(now):
		return store.Missing
	case now < before:
		return now
	}
	return now - before
}

// histogramIncrease writes into dst the increase of a histogram's or summary's numbers since before or, after
// a reset, since the beginning. It returns false if the count is missing. A bucket that did not exist before
// had no observations. If all buckets are different, for example because a native histogram has lowered its
// resolution, the increase is unknown. The sum of a histogram may fall without a reset.
//
// All slices have the same order and length. histogramIncrease modifies before and now.
func histogramIncrease(dst, before, now []float64) bool {
	if store.IsMissing(now[countAt]) || store.IsMissing(before[countAt]) {
		return false
	}
	reset, added := now[countAt] < before[countAt], false
	for i := firstAt; i < len(now); i++ {
		added = added || store.IsMissing(before[i]) && now[i] > 0
		before[i], now[i] = zeroIfMissing(before[i]), zeroIfMissing(now[i])
		reset = reset || now[i] < before[i]
	}
	for i := range dst {
		dst[i] = now[i]
		if !reset {
			dst[i] -= before[i]
		}
	}
	return reset || !added || !exceeds(dst[firstAt:], dst[countAt], now[countAt])
}

// exceeds reports whether buckets contain more observations than count, by more than rounding of numbers
// of that size explains.
func exceeds(buckets []float64, count, size float64) bool {
	const tolerance = 1e-9
	sum := 0.0
	for _, n := range buckets {
		sum += n
	}
	return sum > count+tolerance*size
}

func zeroIfMissing(f float64) float64 {
	if store.IsMissing(f) {
		return 0
	}
	return f
}

// numbersOf returns the numbers of a series at the time of a snapshot.
func numbersOf(s *store.Snapshot, series *store.Series) []float64 {
	numbers := make([]float64, max(len(series.Cols), firstAt))
	for i := range numbers {
		numbers[i] = numberAt(s, series, i)
	}
	return numbers
}

// aligned returns the earlier numbers of a histogram, in the order of now's shape. Buckets that it did
// not have are Missing.
func aligned(s *store.Snapshot, old, now *store.Series) []float64 {
	if old == now || old.Shape == now.Shape {
		return numbersOf(s, old)
	}
	at := make(map[store.Bucket]int, len(old.Shape.Buckets))
	for i, b := range old.Shape.Buckets {
		at[b] = firstAt + i
	}
	numbers := make([]float64, max(len(now.Cols), firstAt))
	numbers[countAt], numbers[sumAt] = numberAt(s, old, countAt), numberAt(s, old, sumAt)
	for i, b := range now.Shape.Buckets {
		numbers[firstAt+i] = store.Missing
		if j, ok := at[b]; ok {
			numbers[firstAt+i] = numberAt(s, old, j)
		}
	}
	return numbers
}
