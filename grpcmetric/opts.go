package grpcmetric

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric"
)

// DefaultMaxMethods is the default of Opts.MaxMethods.
const DefaultMaxMethods = 500

// Names selects a set of names for metrics and labels. The package documentation lists them.
type Names int

const (
	// OpenTelemetryNames are the names of gRPC's OpenTelemetry plugin.
	OpenTelemetryNames Names = iota
	// ClassicNames are the names of go-grpc-prometheus and go-grpc-middleware.
	ClassicNames
)

// Opts are the options of [NewServerMetrics] and [NewClientMetrics]. The zero value is ready to use.
//
// Metrics that are already registered keep their buckets.
type Opts struct {
	// Names selects the names of metrics and labels.
	Names Names

	// ConstLabels are added to all series.
	ConstLabels metric.Labels

	// Buckets are the upper bounds of the classic buckets for durations, in seconds. If Buckets is nil, they
	// are metric.DefBuckets, or none if there are native buckets.
	Buckets []float64

	// SizeBuckets are the upper bounds of the classic buckets for sizes, in bytes. If SizeBuckets is nil,
	// they are powers of two from 1 KiB to 4 GiB, or none if there are native buckets.
	SizeBuckets []float64

	// NativeBucketFactor, if greater than 1, adds native buckets to all histograms. Each bucket is wider
	// than the previous one by at most this factor. The usual value is 1.1.
	NativeBucketFactor float64

	// NoSizes leaves out the histograms of bytes sent and received.
	NoSizes bool

	// Exemplars adds exemplars to durations and to the classic counters of ended calls, from
	// the context of the call; see metric.SetExemplarFromContext.
	Exemplars bool

	// MaxMethods limits the pairs of target and method that a client distinguishes, and the bidirectional
	// streams of a server without InitializeMetrics. The default is DefaultMaxMethods.
	MaxMethods int
}

// sizeBuckets are the buckets of gRPC's OpenTelemetry plugin, without the bound 0.
var sizeBuckets = []float64{1 << 10, 1 << 11, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28, 1 << 30, 1 << 32}

// maxNativeBuckets keeps native histograms small when values spread widely.
const maxNativeBuckets = 160

// maxNameLength limits the bytes in the name of a method that may be unregistered. Otherwise, a peer of a
// proxy could fill the exposition with a few long names.
const maxNameLength = 256

func (o *Opts) check() error {
	switch {
	case o.Names != OpenTelemetryNames && o.Names != ClassicNames:
		return fmt.Errorf("grpcmetric: unknown names %d: want OpenTelemetryNames or ClassicNames", o.Names)
	case o.MaxMethods < 0:
		return fmt.Errorf("grpcmetric: MaxMethods is %d: it must be positive, or 0 for 500", o.MaxMethods)
	}
	return nil
}

func (o *Opts) maxMethods() int {
	if o.MaxMethods == 0 {
		return DefaultMaxMethods
	}
	return o.MaxMethods
}

func (o *Opts) histogram(n name, given, standard []float64) metric.HistogramOpts {
	opts := metric.HistogramOpts{Name: n.name, Help: n.help, ConstLabels: o.ConstLabels, Buckets: given}
	if o.NativeBucketFactor > 1 {
		opts.NativeHistogramBucketFactor = o.NativeBucketFactor
		opts.NativeHistogramMaxBucketNumber = maxNativeBuckets
	} else if given == nil {
		opts.Buckets = standard
	}
	return opts
}

var errNoRegisterer = errors.New("grpcmetric: the registerer is nil")
