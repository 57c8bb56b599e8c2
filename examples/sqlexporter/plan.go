package main

import (
	"time"

	"github.com/luxfi/metric/exporter"
)

// The types in this file describe the checked configuration: defaults are filled in and names are
// resolved. They do not contain line numbers, so that the exporter can compare them: a collector whose
// plan stays deeply equal survives a reload.

// database is a database with the queries to run on it.
type database struct {
	name       string
	connection connection
	labels     map[string]string // the label database, and the labels that all databases have, which may be empty
	queries    []query
}

// shared returns the name of the resources that the database's queries share: its pool and its group.
func (d database) shared() string { return "database " + d.name }

// connection holds the settings on which a connection pool depends.
type connection struct {
	name           string
	driver         string
	dsn            exporter.Secret
	dir            string // directory for relative paths of SQLite files
	maxConnections int
	connectTimeout time.Duration // 0 means the default of the DSN and the driver
	readOnly       bool
}

// query is a query with its metrics.
type query struct {
	name      string
	sql       string
	noRows    string // one of noRowsValues
	maxSeries int
	policy    exporter.Policy
	metrics   []family
}

// family is a metric with the columns of its labels and values.
type family struct {
	name   string
	kind   string // one of metricTypes
	help   string
	labels []string          // columns, which are also the names of labels
	static map[string]string // labels that are the same for all series
	scale  float64

	valueLabel string        // empty if values has a single element, without a label
	values     []namedColumn // empty for the type info

	points     []point // buckets or quantiles, in ascending order
	count, sum string  // columns
}

// namedColumn is a column and its value of the label value_label.
type namedColumn struct{ name, column string }

// point is a bucket of a histogram, or a quantile of a summary.
type point struct {
	at     float64
	column string
}

// The values of the setting no_rows. It decides what happens if a query returns no rows.
const (
	noRowsOK    = "ok"
	noRowsData  = "no_data"
	noRowsError = "error"
)

// Types of metrics in the configuration.
const (
	typeGauge     = "gauge"
	typeCounter   = "counter"
	typeUntyped   = "untyped"
	typeInfo      = "info"
	typeHistogram = "histogram"
	typeSummary   = "summary"
)

var (
	noRowsValues = []string{noRowsOK, noRowsData, noRowsError}
	metricTypes  = []string{typeGauge, typeCounter, typeUntyped, typeInfo, typeHistogram, typeSummary}
)

// Defaults of the configuration.
const (
	defaultMaxConnections = 2
	defaultConnectTimeout = 5 * time.Second
	defaultMaxSeries      = 1000
)
