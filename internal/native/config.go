package native

import (
	"fmt"
	"math"
	"time"
)

// DefaultZeroThreshold is 2^-128, a bucket bound at all resolutions.
const DefaultZeroThreshold = 0x1p-128

const (
	defaultMaxExemplars = 10
	defaultExemplarTTL  = 5 * time.Minute
)

// Options are what users say about a native histogram. The fields are those of
// client_golang's HistogramOpts that have the prefix NativeHistogram, and mean
// the same.
type Options struct {
	BucketFactor     float64       // Upper bound for the growth from bucket to bucket; above 1.
	ZeroThreshold    float64       // 0: DefaultZeroThreshold. Negative: 0.
	MaxZeroThreshold float64       // How far the Limiter may widen the zero bucket.
	MaxBuckets       uint32        // 0: no limit.
	MinReset         time.Duration // 0: the Limiter never resets.
	MaxExemplars     int           // 0: 10. Negative: none.
	ExemplarTTL      time.Duration // 0: 5 minutes. Negative: the oldest exemplar always makes way.
}

// Config is how a native histogram is laid out and kept, all defaults filled
// in. It is immutable and shared by all histograms of a family.
type Config struct {
	Schema           int32   // From -4 to 8: the initial growth factor is 2^(2^-Schema).
	ZeroThreshold    float64 // Not negative.
	MaxZeroThreshold float64
	MaxBuckets       uint32
	MinReset         time.Duration
	MaxExemplars     int
	ExemplarTTL      time.Duration
}

// NewConfig fills in the defaults. It panics if the bucket factor is not greater
// than 1, which is how users say that they want no native histogram.
func NewConfig(o Options) *Config {
	c := &Config{
		Schema:           SchemaFor(o.BucketFactor),
		MaxZeroThreshold: o.MaxZeroThreshold,
		MaxBuckets:       o.MaxBuckets,
		MinReset:         o.MinReset,
		MaxExemplars:     max(0, o.MaxExemplars),
		ExemplarTTL:      o.ExemplarTTL,
	}
	switch {
	case o.ZeroThreshold > 0:
		c.ZeroThreshold = o.ZeroThreshold
	case o.ZeroThreshold == 0:
		c.ZeroThreshold = DefaultZeroThreshold
	}
	if o.MaxExemplars == 0 {
		c.MaxExemplars = defaultMaxExemplars
	}
	if o.ExemplarTTL == 0 {
		c.ExemplarTTL = defaultExemplarTTL
	}
	return c
}

// SchemaFor returns the schema with the largest growth factor 2^(2^-schema) that
// is not greater than factor, but 8 if even that one's is. It panics if factor
// is not greater than 1.
func SchemaFor(factor float64) int32 {
	if !(factor > 1) {
		panic(fmt.Sprintf("BUG: the bucket factor %g of a native histogram is not greater than 1", factor))
	}
	exponent := math.Floor(math.Log2(math.Log2(factor)))
	return -int32(min(max(exponent, -maxSchema), -minSchema))
}
