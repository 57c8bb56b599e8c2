package native

import (
	"fmt"
	"math"
	"time"
)

// DefaultZeroThreshold is 2^-128, which is a bucket bound at all resolutions.
const DefaultZeroThreshold = 0x1p-128

const (
	defaultMaxExemplars = 10
	defaultExemplarTTL  = 5 * time.Minute
)

// Options are the user's options for a native histogram. The fields have the same meaning as the fields
// of client_golang's HistogramOpts with the prefix NativeHistogram.
type Options struct {
	BucketFactor     float64       // upper bound for the growth factor from bucket to bucket; above 1
	ZeroThreshold    float64       // 0 means DefaultZeroThreshold; negative means 0
	MaxZeroThreshold float64       // limit up to which the Limiter may widen the zero bucket
	MaxBuckets       uint32        // 0 means no limit
	MinReset         time.Duration // 0 means that the Limiter never resets
	MaxExemplars     int           // 0 means 10; negative means none
	ExemplarTTL      time.Duration // 0 means 5 minutes; negative means that the oldest exemplar is always replaced
}

// Config describes a native histogram, with all defaults filled in. It is immutable, and all histograms
// of a family share it.
type Config struct {
	Schema           int32   // from -4 to 8; the initial growth factor is 2^(2^-Schema)
	ZeroThreshold    float64 // not negative
	MaxZeroThreshold float64
	MaxBuckets       uint32
	MinReset         time.Duration
	MaxExemplars     int
	ExemplarTTL      time.Duration
}

// NewConfig fills in the defaults. It panics if the bucket factor is not greater than 1, because such a
// factor means that the user wants no native histogram.
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

// SchemaFor returns the schema with the largest growth factor 2^(2^-schema) that is not greater than
// factor, or 8 if there is no such schema. It panics if factor is not greater than 1.
func SchemaFor(factor float64) int32 {
	if !(factor > 1) {
		panic(fmt.Sprintf("BUG: the bucket factor %g of a native histogram is not greater than 1", factor))
	}
	exponent := math.Floor(math.Log2(math.Log2(factor)))
	return -int32(min(max(exponent, -maxSchema), -minSchema))
}
