package model

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/luxfi/metric/internal/order"
)

// The functions in this file return why Prometheus would refuse a sample, or the whole scrape that
// contains it. Their error texts continue a sentence that begins with the sample.

// The range of valid timestamps, in milliseconds since the Unix epoch. Prometheus refuses a whole text
// exposition that has an earlier timestamp in it, because its parser does not accept a minus sign
// there. The upper end is the end of the year 9999: later protobuf timestamps are invalid, and many
// programs cannot print such a date.
const (
	minTimestampMs = 0
	maxTimestampMs = 253_402_300_799_999
)

// CheckTimestamp returns an error if ms, in milliseconds since the Unix epoch, is out of range.
func CheckTimestamp(ms int64) error {
	if ms < minTimestampMs || ms > maxTimestampMs {
		return fmt.Errorf("has the timestamp %d, in milliseconds since 1970: it must be from 0 to %d, the end of the year 9999",
			ms, int64(maxTimestampMs))
	}
	return nil
}

// isCount reports whether v can be a number of observations.
func isCount(v float64) bool { return v >= 0 && v <= math.MaxFloat64 }

// SortBuckets sorts classic buckets by upper bound. It returns an error if a bound is NaN or if two
// bounds are equal.
func SortBuckets(buckets []Bucket) error {
	for i := range buckets {
		if math.IsNaN(buckets[i].UpperBound) {
			return errors.New("has a bucket whose upper bound is not a number")
		}
	}
	byBound := func(a, b Bucket) int { return cmp.Compare(a.UpperBound, b.UpperBound) }
	if !slices.IsSortedFunc(buckets, byBound) {
		order.By(buckets, byBound)
	}
	for i := 1; i < len(buckets); i++ {
		if buckets[i].UpperBound == buckets[i-1].UpperBound {
			return fmt.Errorf("has two or more buckets with the same upper bound: %v", buckets[i].UpperBound)
		}
	}
	return nil
}

// CheckBuckets returns an error that says why Prometheus cannot read the classic buckets of h, which
// must be sorted. When Prometheus converts them to native buckets, it refuses the whole protobuf
// exposition if a bucket counts less than the one below it, or if the last one counts more than the
// histogram.
func CheckBuckets(h *HistogramValue) error {
	if h.CountFloat != 0 {
		return checkFloatBuckets(h)
	}
	before := uint64(0)
	for i := range h.Buckets {
		b := &h.Buckets[i]
		if b.CountFloat != 0 {
			return checkFloatBuckets(h)
		}
		if b.Count < before {
			return fmt.Errorf("has a bucket %v that counts %d, less than the %d of the bucket below: counts must be cumulative",
				b.UpperBound, b.Count, before)
		}
		before = b.Count
	}
	if n := len(h.Buckets); n > 0 && (before > h.Count || before < h.Count && math.IsInf(h.Buckets[n-1].UpperBound, +1)) {
		return fmt.Errorf("counts %d observations in all but %d in the bucket %v", h.Count, before, h.Buckets[n-1].UpperBound)
	}
	return nil
}

// checkFloatBuckets is [CheckBuckets] for a histogram with a float count.
func checkFloatBuckets(h *HistogramValue) error {
	if !isCount(h.CountFloat) {
		return fmt.Errorf("counts %v observations: counts must be finite numbers that are not negative", h.CountFloat)
	}
	before := 0.0
	for i := range h.Buckets {
		b := &h.Buckets[i]
		if !isCount(b.CountFloat) {
			return fmt.Errorf("has a bucket %v that counts %v: counts must be finite numbers that are not negative", b.UpperBound, b.CountFloat)
		}
		count := floatOf(b.Count, b.CountFloat)
		if count < before {
			return fmt.Errorf("has a bucket %v that counts %v, less than the %v of the bucket below: counts must be cumulative",
				b.UpperBound, count, before)
		}
		before = count
	}
	all := floatOf(h.Count, h.CountFloat)
	if n := len(h.Buckets); n > 0 && (before > all || before < all && math.IsInf(h.Buckets[n-1].UpperBound, +1)) {
		return fmt.Errorf("counts %v observations in all but %v in the bucket %v", all, before, h.Buckets[n-1].UpperBound)
	}
	return nil
}

// floatOf returns the effective count: the float count if it is set, otherwise n.
func floatOf(n uint64, float float64) float64 {
	if float > 0 {
		return float
	}
	return float64(n)
}

// The lowest and highest schemas of exponential buckets that Prometheus stores.
const (
	minSchema = -4
	maxSchema = 8
)

// CheckNative returns an error that says why Prometheus cannot store the native histogram in h. It
// makes the checks of Prometheus, which would otherwise refuse the whole scrape or panic.
func CheckNative(h *HistogramValue) error {
	n := h.Native
	switch {
	case n.Schema < minSchema || n.Schema > maxSchema:
		return fmt.Errorf("has the schema %d: it must be from %d to %d", n.Schema, minSchema, maxSchema)
	case !isCount(n.ZeroThreshold):
		return fmt.Errorf("has the zero threshold %v: it must be a finite number that is not negative", n.ZeroThreshold)
	case !isCount(h.CountFloat):
		return fmt.Errorf("counts %v observations: counts must be finite numbers that are not negative", h.CountFloat)
	case !isCount(n.ZeroCountFloat):
		return fmt.Errorf("has a zero bucket that counts %v: counts must be finite numbers that are not negative", n.ZeroCountFloat)
	}
	if h.CountFloat > 0 || n.ZeroCountFloat > 0 || len(n.Positive.Counts) > 0 || len(n.Negative.Counts) > 0 {
		return checkFloatNative(n)
	}
	negative, err := checkDeltas("negative", &n.Negative)
	if err != nil {
		return err
	}
	positive, err := checkDeltas("positive", &n.Positive)
	if err != nil {
		return err
	}
	if n.ZeroCount == 0 && n.ZeroThreshold == 0 && len(n.Positive.Spans) == 0 && len(n.Negative.Spans) == 0 {
		return nil // Prometheus reads it as a classic histogram.
	}
	sum, ok := addCounts(positive, negative)
	if ok {
		sum, ok = addCounts(sum, n.ZeroCount)
	}
	// NaN observations are counted, but they are in no bucket.
	if !ok || sum > h.Count || sum < h.Count && !math.IsNaN(h.Sum) {
		return fmt.Errorf("counts %d observations in all but %d in its native buckets", h.Count, sum)
	}
	return nil
}

// addCounts adds a and b, and reports whether the sum fits in a uint64.
func addCounts(a, b uint64) (sum uint64, ok bool) { return a + b, a+b >= a }

func checkFloatNative(n *NativeHistogram) error {
	if len(n.Positive.Deltas) > 0 || len(n.Negative.Deltas) > 0 {
		return errors.New("has float counts as well as deltas of integer counts: only one of them is allowed")
	}
	for _, side := range [...]struct {
		name    string
		buckets *NativeBuckets
	}{{"positive", &n.Positive}, {"negative", &n.Negative}} {
		if err := checkSpans(side.name, side.buckets.Spans, len(side.buckets.Counts)); err != nil {
			return err
		}
		for _, count := range side.buckets.Counts {
			if !isCount(count) {
				return fmt.Errorf("has a %s bucket that counts %v: counts must be finite numbers that are not negative", side.name, count)
			}
		}
	}
	return nil
}

// checkDeltas checks one side of a native histogram and returns the number of observations in its
// buckets.
func checkDeltas(side string, b *NativeBuckets) (sum uint64, err error) {
	if err := checkSpans(side, b.Spans, len(b.Deltas)); err != nil {
		return 0, err
	}
	count := int64(0)
	for _, delta := range b.Deltas {
		if delta > 0 && count > math.MaxInt64-delta {
			return 0, fmt.Errorf("has a %s bucket whose count is more than %d", side, int64(math.MaxInt64))
		}
		if count += delta; count < 0 {
			return 0, fmt.Errorf("has a %s bucket that counts %d: counts must not be negative", side, count)
		}
		var ok bool
		if sum, ok = addCounts(sum, uint64(count)); !ok {
			return 0, fmt.Errorf("has %s buckets that count more than %d observations", side, uint64(math.MaxUint64))
		}
	}
	return sum, nil
}

// checkSpans checks that the spans of one side match the number of its buckets and that all bucket
// indices fit in an int32.
func checkSpans(side string, spans []Span, buckets int) error {
	length, end := uint64(0), int64(0)
	for i, s := range spans {
		switch {
		case i == 0 && s.Offset == math.MinInt32:
			return fmt.Errorf("has %s buckets from index %d on: the first one allowed is %d", side, s.Offset, math.MinInt32+1)
		case i > 0 && s.Offset < 0:
			return fmt.Errorf("has a span of %s buckets with the offset %d: only the first span may have a negative offset", side, s.Offset)
		}
		length += uint64(s.Length)
		if end += int64(s.Offset) + int64(s.Length); end-1 > math.MaxInt32 {
			return fmt.Errorf("has %s buckets up to index %d: the last one allowed is %d", side, end-1, math.MaxInt32)
		}
	}
	if length != uint64(buckets) {
		return fmt.Errorf("has %d %s buckets but spans for %d", buckets, side, length)
	}
	return nil
}

// CheckQuantiles returns an error that says why the quantiles of a summary cannot be written as series:
// each series needs a different quantile.
func CheckQuantiles(quantiles []Quantile) error {
	ascending := true
	for i := range quantiles {
		if math.IsNaN(quantiles[i].Quantile) {
			return errors.New("has a quantile whose rank is not a number")
		}
		ascending = ascending && (i == 0 || quantiles[i-1].Quantile < quantiles[i].Quantile)
	}
	if ascending {
		return nil
	}
	ranks := make(map[float64]struct{}, len(quantiles))
	for i := range quantiles {
		rank := quantiles[i].Quantile
		if _, twice := ranks[rank]; twice {
			return fmt.Errorf("has two or more quantiles with the same rank: %v", rank)
		}
		ranks[rank] = struct{}{}
	}
	return nil
}
