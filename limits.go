package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/scrape"
)

// OverflowValue is the value of all variable labels of a vector's overflow series, which counts
// what exceeds a limit; see [MetricVec.SetLimit].
const OverflowValue = labelmap.OverflowValue

// LongValues is what happens to a new label set with a value that is longer than a limit; see
// [MetricVec.SetValueLimit].
type LongValues = labelmap.LongValues

// What happens to a new label set with a value that is longer than a limit.
const (
	// TruncateLongValues cuts the value at a rune boundary. Label sets that become equal share a
	// series.
	TruncateLongValues = labelmap.TruncateLongValues
	// OverflowLongValues counts the label set in the overflow series.
	OverflowLongValues = labelmap.OverflowLongValues
)

// SetLimit sets how many series the vector may have. 0 is no limit, and a negative number panics.
//
// Once there are as many, all new label sets are counted in one more series, the overflow series:
// its variable labels all have the value [OverflowValue], past their constraints. So the sum over
// all series stays exact. A lookup that overflows takes no lock, allocates nothing, and does not
// check whether the values are valid UTF-8. Label sets that have a series keep it, even if there
// are more than the limit when it is set. When series are deleted, new label sets get series
// of their own again.
//
// The overflow series does not count towards the limit. It can be deleted like any other series,
// and is made again when it is needed.
//
// Vectors that are curried from one another share their series and the limit. A vector that is
// registered obeys the limits of its registries, too; see [WithSeriesLimit]. A vector that does
// nothing has no limit. SetLimit is safe for concurrent use.
func (v *MetricVec) SetLimit(series int) {
	checkLimit("SetLimit", series)
	if limits := v.limits(); limits != nil {
		limits.SetLimit(series)
		scrape.KnowVectors(vectorIn)
	}
}

// SetValueLimit sets how many bytes a label value may have, and what happens to a new label set
// with a longer one. Label sets that have a series keep it.
//
// 0 leaves the limit to the registries of the vector; see [WithValueLimit]. A negative number, and
// a LongValues that is not one of the constants, panic. Curried values count like others. Of a value that is
// cut at a limit so small that it is inside of the first rune, nothing is left.
func (v *MetricVec) SetValueLimit(bytes int, long LongValues) {
	limit := valueLimit("SetValueLimit", bytes, long)
	if limits := v.limits(); limits != nil {
		limits.SetValueLimit(limit)
		scrape.KnowVectors(vectorIn)
	}
}

// WithSeriesLimit bounds how many series all vectors of this package together may have that are
// registered with the registry, directly or through wrapping registerers. 0 is no limit, and a
// negative number panics. What exceeds it is counted in the overflow series of each vector, as
// [MetricVec.SetLimit] describes; these do not count.
//
// A vector that is registered with more series than there is room for keeps them, and gets no
// more. Unregistering a vector gives its room back. A vector in several registries counts in, and
// obeys, each of them. Other collectors have no limit, and neither have the vectors of a registry
// that is registered with this one.
func WithSeriesLimit(series int) RegistryOption {
	checkLimit("WithSeriesLimit", series)
	return limitOption(func(b *labelmap.Budget) { b.Series = int64(series) })
}

// WithValueLimit sets the limit for label values of vectors that are registered with the registry
// and have no limit of their own; see [MetricVec.SetValueLimit]. In several registries, a
// vector obeys the lowest one.
func WithValueLimit(bytes int, long LongValues) RegistryOption {
	limit := valueLimit("WithValueLimit", bytes, long)
	return limitOption(func(b *labelmap.Budget) { b.Values = limit })
}

func limitOption(set func(*labelmap.Budget)) RegistryOption {
	return registryOption(func(r *scrape.Registry) {
		r.Limit(set)
		scrape.KnowVectors(vectorIn)
	})
}

func checkLimit(of string, limit int) {
	if limit < 0 {
		panic(fmt.Errorf("%s(%d): a limit is a positive number, or 0 for none", of, limit))
	}
}

func valueLimit(of string, bytes int, long LongValues) labelmap.ValueLimit {
	checkLimit(of, bytes)
	if long != TruncateLongValues && long != OverflowLongValues {
		panic(fmt.Errorf("%s with LongValues(%d): use TruncateLongValues or OverflowLongValues", of, long))
	}
	return labelmap.ValueLimit{Bytes: bytes, Long: long}
}

// limits returns the limits of the vector, or nil if it obeys none.
func (v *MetricVec) limits() instrument.Limited {
	if core := v.coreOrNil(); core != nil {
		return core.Limits()
	}
	return nil
}
