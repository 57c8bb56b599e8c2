package otelmetric

import (
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// maxScale is the largest scale that OpenTelemetry allows.
const maxScale = 20

// Limits of the resolution of Prometheus's native histograms. Their schemas are OpenTelemetry's scales.
const (
	minSchema = -4
	maxSchema = 8
)

// checkAggregation returns an error if the parameters of an aggregation are invalid. The aggregation may be
// nil.
func checkAggregation(a sdk.Aggregation) error {
	switch a := a.(type) {
	case sdk.AggregationExplicitBucketHistogram:
		return checkBoundaries(a.Boundaries)
	case sdk.AggregationBase2ExponentialHistogram:
		switch {
		case a.MaxScale > maxScale:
			return fmt.Errorf("the largest scale of an exponential histogram is %d: at most %d is allowed", a.MaxScale, maxScale)
		case a.MaxSize <= 0:
			return fmt.Errorf("the number of buckets of an exponential histogram is limited to %d: it must be at least 1", a.MaxSize)
		}
	}
	return nil
}

// checkBoundaries returns an error if buckets cannot have these boundaries.
func checkBoundaries(boundaries []float64) error {
	for i, b := range boundaries {
		switch {
		case !isFinite(b):
			return fmt.Errorf("the bucket boundary %v at index %d is not allowed: boundaries must be finite, and a last bucket up to +Inf always exists", b, i)
		case i > 0 && boundaries[i-1] >= b:
			return fmt.Errorf("the bucket boundary %v at index %d is not greater than the one before, %v", b, i, boundaries[i-1])
		}
	}
	return nil
}

// kindOf returns the kind of metric that results from an aggregation of an instrument's measurements. It
// reports false if the instrument cannot have the aggregation, for AggregationDrop, and for types that are
// not in the specification.
func kindOf(instrument sdk.InstrumentKind, a sdk.Aggregation) (kind translate.Kind, ok bool) {
	switch a.(type) {
	case sdk.AggregationSum:
		switch instrument {
		case sdk.InstrumentKindCounter, sdk.InstrumentKindObservableCounter, sdk.InstrumentKindHistogram:
			return translate.Counter, true
		case sdk.InstrumentKindUpDownCounter, sdk.InstrumentKindObservableUpDownCounter:
			return translate.UpDownCounter, true
		}
	case sdk.AggregationLastValue:
		switch instrument {
		case sdk.InstrumentKindGauge, sdk.InstrumentKindObservableGauge:
			return translate.Gauge, true
		}
	case sdk.AggregationExplicitBucketHistogram, sdk.AggregationBase2ExponentialHistogram:
		return translate.Histogram, true
	}
	return 0, false
}

// aggregationName returns the name of an aggregation's type as programs write it, without the package.
func aggregationName(a sdk.Aggregation) string {
	name := fmt.Sprintf("%T", a)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// bucketsOf returns the buckets of a valid histogram aggregation.
func bucketsOf(a sdk.Aggregation) metric.HistogramOpts {
	if exponential, ok := a.(sdk.AggregationBase2ExponentialHistogram); ok {
		return nativeBuckets(exponential)
	}
	boundaries := a.(sdk.AggregationExplicitBucketHistogram).Boundaries
	if len(boundaries) == 0 {
		// In package metric, a list without buckets means the default buckets. A list of only +Inf means a
		// single bucket.
		boundaries = []float64{math.Inf(1)}
	}
	return metric.HistogramOpts{Buckets: boundaries}
}

// nativeBuckets returns options for a native histogram that behaves like the exponential histogram. Its
// zero bucket contains only zeros. When it has too many buckets, it halves its resolution without a reset.
//
// MaxSize limits the number of nonempty buckets of both signs together. In contrast, OpenTelemetry's SDK
// limits the distance between the first and the last bucket of each sign. A scale that Prometheus does not
// support becomes the next one that it supports.
func nativeBuckets(a sdk.AggregationBase2ExponentialHistogram) metric.HistogramOpts {
	schema := min(max(a.MaxScale, minSchema), maxSchema)
	return metric.HistogramOpts{
		// The histogram uses the largest schema factor that is not greater than this option. The factor of
		// the schema is 2^2^-schema, and the next larger factor is its square. The option is halfway
		// between the two, so rounding does not matter.
		NativeHistogramBucketFactor:    math.Exp2(math.Exp2(-float64(schema)) * math.Sqrt2),
		NativeHistogramZeroThreshold:   prometheus.NativeHistogramZeroThresholdZero,
		NativeHistogramMaxBucketNumber: uint32(a.MaxSize),
	}
}
