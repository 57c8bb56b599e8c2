package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/scrape"
)

// OverflowValue is "__overflow__", the value of all variable labels of a vector's overflow series.
// That series counts everything that exceeds a limit; see [MetricVec.SetLimit].
const OverflowValue = labelmap.OverflowValue

// LongValues says what a vector does with a new label set that has a value longer than a limit; see
// [MetricVec.SetValueLimit].
type LongValues uint8

// What a vector does with a new label set that has a value longer than a limit.
const (
	// TruncateLongValues cuts the value at a rune boundary. Label sets that become equal share a
	// series.
	TruncateLongValues LongValues = iota
	// OverflowLongValues counts the label set in the overflow series.
	OverflowLongValues
)

// SetLimit sets how many series the vector may have. 0 means no limit. A negative number panics.
//
// Once the vector has that many series, it counts all new label sets in one more series, the
// overflow series. All variable labels of the overflow series have the value [OverflowValue],
// whatever their constraints. So the sum over all series stays exact. A lookup that overflows takes
// no lock, allocates nothing, and does not check whether the values are valid UTF-8. Label sets
// that have a series keep it, even if there are more than the limit when it is set. When series are
// deleted, new label sets get series of their own again.
//
// The overflow series does not count towards the limit. It can be deleted like any other series,
// and is created again when it is needed.
//
// Vectors that are curried from one another share their series and the limit. A registered vector
// also obeys the limits of its registries; see [WithSeriesLimit]. A no-op vector has no limit.
// SetLimit is safe for concurrent use.
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
// 0 leaves the limit to the registries of the vector; see [WithValueLimit]. SetValueLimit panics if
// bytes is negative or long is not one of the constants. The limit applies to curried values, too.
// If it is so small that it cuts within the first rune of a value, the value becomes empty.
// SetValueLimit is safe for concurrent use.
func (v *MetricVec) SetValueLimit(bytes int, long LongValues) {
	limit := valueLimit("SetValueLimit", bytes, long)
	if limits := v.limits(); limits != nil {
		limits.SetValueLimit(limit)
		scrape.KnowVectors(vectorIn)
	}
}

// WithSeriesLimit bounds the number of series of all vectors of this package together that are
// registered with the registry, directly or through wrapping registerers. 0 means no limit. A
// negative number panics. The overflow series of each vector counts what exceeds the limit, as
// [MetricVec.SetLimit] describes. Overflow series do not count towards the limit.
//
// A vector that has more series than there is room for when it is registered keeps them, and gets
// no more. Unregistering a vector frees its room. A vector in several registries counts towards,
// and obeys, the limit of each. The limit does not apply to other collectors, nor to the vectors of
// a registry that is registered with this one.
func WithSeriesLimit(series int) RegistryOption {
	checkLimit("WithSeriesLimit", series)
	return limitOption(func(b *labelmap.Budget) { b.Series = int64(series) })
}

// WithValueLimit sets the limit for label values of vectors that are registered with the registry
// and have no limit of their own; see [MetricVec.SetValueLimit]. A vector in several registries
// obeys the lowest limit. WithValueLimit panics where SetValueLimit does.
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
	return labelmap.ValueLimit{Bytes: bytes, Long: labelmap.LongValues(long)}
}

// limits returns the limits of the vector, or nil if the vector does not obey any.
func (v *MetricVec) limits() instrument.Limited {
	if core := v.coreOrNil(); core != nil {
		return core.Limits()
	}
	return nil
}
