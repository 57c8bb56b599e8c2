// Package collectors provides collectors of metrics about the Go runtime, the process, its build, expvar
// variables and database connections. It re-exports client_golang's package under the import path of this
// module, so that a program can migrate by replacing import paths.
package collectors

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/luxfi/metric"
)

type (
	// ProcessCollectorOpts are the options of [NewProcessCollector].
	ProcessCollectorOpts = collectors.ProcessCollectorOpts
	// GoRuntimeMetricsRule selects metrics of the Go runtime by their name in package runtime/metrics.
	GoRuntimeMetricsRule = collectors.GoRuntimeMetricsRule
	// GoCollectionOption selects groups of metrics; see [WithGoCollections].
	GoCollectionOption = collectors.GoCollectionOption
)

// The groups of [WithGoCollections].
const (
	// GoRuntimeMemStatsCollection are the metrics of [runtime.MemStats].
	GoRuntimeMemStatsCollection = collectors.GoRuntimeMemStatsCollection //nolint:staticcheck // It is part of the re-exported API.
	// GoRuntimeMetricsCollection are the metrics of package runtime/metrics.
	GoRuntimeMetricsCollection = collectors.GoRuntimeMetricsCollection //nolint:staticcheck // As above.
)

// Rules for [WithGoCollectorRuntimeMetrics]. Do not modify these variables.
var (
	MetricsAll       = collectors.MetricsAll
	MetricsGC        = collectors.MetricsGC
	MetricsMemory    = collectors.MetricsMemory
	MetricsScheduler = collectors.MetricsScheduler
	MetricsDebug     = collectors.MetricsDebug
)

// The Go collector and its options are variables because client_golang does not export the type of the
// options. Do not modify them.
var (
	// NewGoCollector returns a collector of metrics about the Go runtime.
	NewGoCollector = collectors.NewGoCollector
	// WithGoCollectorRuntimeMetrics adds the metrics of package runtime/metrics that
	// match one of the rules.
	WithGoCollectorRuntimeMetrics = collectors.WithGoCollectorRuntimeMetrics
	// WithoutGoCollectorRuntimeMetrics leaves out the metrics that match one of the
	// expressions.
	WithoutGoCollectorRuntimeMetrics = collectors.WithoutGoCollectorRuntimeMetrics
	// WithGoCollectorMemStatsMetricsDisabled leaves out the go_memstats_… metrics.
	WithGoCollectorMemStatsMetricsDisabled = collectors.WithGoCollectorMemStatsMetricsDisabled
	// WithGoCollections selects groups of metrics.
	//
	// Deprecated: Use WithGoCollectorRuntimeMetrics and
	// WithGoCollectorMemStatsMetricsDisabled.
	WithGoCollections = collectors.WithGoCollections //nolint:staticcheck // It is part of the re-exported API.
)

// NewProcessCollector returns a collector of metrics about a process. By default, it is the current
// process.
func NewProcessCollector(opts ProcessCollectorOpts) metric.Collector {
	return collectors.NewProcessCollector(opts)
}

// NewBuildInfoCollector returns a collector of the build information of the binary.
func NewBuildInfoCollector() metric.Collector { return collectors.NewBuildInfoCollector() }

// NewExpvarCollector returns a collector of expvar variables. The keys of exports are the names of the
// variables.
func NewExpvarCollector(exports map[string]*metric.Desc) metric.Collector {
	return collectors.NewExpvarCollector(exports)
}

// NewDBStatsCollector returns a collector of the statistics of db.Stats, with the label db_name.
func NewDBStatsCollector(db *sql.DB, dbName string) metric.Collector {
	return collectors.NewDBStatsCollector(db, dbName)
}
