// Package version has the collector of a program's version: client_golang's, under the
// import path of this module.
package version

import (
	"github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/luxfi/metric"
)

// Option is an option of NewCollector.
type Option = version.Option

// WithExtraConstLabels adds constant labels to the metric.
func WithExtraConstLabels(l metric.Labels) Option { return version.WithExtraConstLabels(l) }

// NewCollector returns a collector of <program>_build_info, whose labels are what
// package version of prometheus/common was told when the program was built.
func NewCollector(program string, opts ...Option) metric.Collector {
	return version.NewCollector(program, opts...)
}
