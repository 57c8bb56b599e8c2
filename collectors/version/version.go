// Package version provides a collector of a program's version. It re-exports client_golang's package under
// the import path of this module.
package version

import (
	"github.com/prometheus/client_golang/prometheus/collectors/version"

	"github.com/luxfi/metric"
)

// Option is an option of [NewCollector].
type Option = version.Option

// WithExtraConstLabels adds constant labels to the metric.
func WithExtraConstLabels(l metric.Labels) Option { return version.WithExtraConstLabels(l) }

// NewCollector returns a collector of <program>_build_info. Its labels have the values that were set in
// package version of prometheus/common when the program was built.
func NewCollector(program string, opts ...Option) metric.Collector {
	return version.NewCollector(program, opts...)
}
