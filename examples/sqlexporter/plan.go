package main

import (
	"time"

	"github.com/luxfi/metric/exporter"
)

// The types of this file are the configuration after it has been checked: defaults are filled in and
// names are resolved. They have no lines of the file, so that the kit can compare them: a
// collector whose plan stays deeply equal survives a reload.

// database is a database with the queries that are run on it.
type database struct {
	name       string
	connection connection
	labels     map[string]string // The label database, and those of all databases, perhaps empty.
	queries    []query
}

// shared returns the name of what the queries of the database share: its pool and its group.
func (d database) shared() string { return "database " + d.name }

// connection is what a pool of connections depends on.
type connection struct {
	name           string
	driver         string
	dsn            exporter.Secret
	dir            string // Relative paths of SQLite files start here.
	maxConnections int
	connectTimeout time.Duration // 0 leaves it to the DSN and the driver.
	readOnly       bool
}

// query is a query with its metrics.
type query struct {
	name      string
	sql       string
	noRows    string // One of noRowsValues.
	maxSeries int
	policy    exporter.Policy
	metrics   []metric
}

// metric is a metric and where its labels and values come from.
type metric struct {
	name   string
	kind   string // One of metricTypes.
	help   string
	labels []string          // Columns, and names of labels.
	static map[string]string // Labels that are the same for all series.
	scale  float64

	valueLabel string        // Empty if values has one element without a label.
	values     []namedColumn // None for the type info.

	points     []point // Buckets or quantiles, in ascending order.
	count, sum string  // Columns.
}

// namedColumn is a column and the value of the label value_label for it.
type namedColumn struct{ name, column string }

// point is a bucket of a histogram, or a quantile of a summary.
type point struct {
	at     float64
	column string
}

// What a query may want if it returns no rows.
const (
	noRowsOK    = "ok"
	noRowsData  = "no_data"
	noRowsError = "error"
)

// The types of metrics.
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

// The defaults.
const (
	defaultMaxConnections = 2
	defaultConnectTimeout = 5 * time.Second
	defaultMaxSeries      = 1000
)
