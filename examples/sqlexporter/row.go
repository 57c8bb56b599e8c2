package main

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/luxfi/metric"
)

// maxRowErrors is how many errors of rows are reported individually.
const maxRowErrors = 3

// series is a metric with its descriptor for one database.
type series struct {
	family
	desc *metric.Desc
}

// reader makes samples from the rows of one run of a query.
type reader struct {
	series    []series
	maxSeries int

	columns []string
	index   map[string]int // columns by name; ambiguous for names that occur twice
	row     int            // counted from 1
	values  []any          // values of the row, by column

	samples []metric.Metric
	seen    map[string]int // row in which each series occurred, by the series' identity
	errs    []error        // first errors of rows
	failed  int            // number of errors of rows
}

// ambiguous stands for the index of a column whose name occurs twice.
const ambiguous = -1

// read reads all rows. It returns an error if the samples are unusable. For errors of single rows, see
// rowErrors.
func (r *reader) read(rows *sql.Rows) (err error) {
	if r.columns, err = rows.Columns(); err != nil {
		return err
	}
	if err := r.resolve(); err != nil {
		return err
	}
	r.seen = map[string]int{}
	r.values = make([]any, len(r.columns))
	into := make([]any, len(r.columns))
	for i := range into {
		into[i] = &r.values[i]
	}
	for rows.Next() {
		r.row++
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("row %d: %w", r.row, err)
		}
		for i := range r.series {
			r.convert(i)
		}
		if len(r.samples) > r.maxSeries {
			return fmt.Errorf("more than max_series %d series in %d rows: raise it, or have the query return fewer rows", r.maxSeries, r.row)
		}
	}
	return rows.Err()
}

// resolve finds the columns of the metrics. It returns an error that names missing columns.
func (r *reader) resolve() error {
	r.index = map[string]int{}
	for i, name := range r.columns {
		if _, ok := r.index[name]; ok {
			i = ambiguous
		}
		r.index[name] = i
	}
	var errs []error
	for _, s := range r.series {
		for _, name := range s.columns() {
			switch i, ok := r.index[name]; {
			case !ok:
				errs = append(errs, fmt.Errorf("metric %s: there is no column %q; the columns are: %s", s.name, name, cmp.Or(strings.Join(r.columns, ", "), "none")))
			case i == ambiguous:
				errs = append(errs, fmt.Errorf("metric %s: the result has several columns %q; rename them with AS", s.name, name))
			}
		}
	}
	return errors.Join(errs...)
}

// columns returns the columns that the metric needs.
func (m family) columns() []string {
	columns := slices.Clone(m.labels)
	for _, v := range m.values {
		columns = append(columns, v.column)
	}
	for _, p := range m.points {
		columns = append(columns, p.column)
	}
	if m.count != "" {
		columns = append(columns, m.count, m.sum)
	}
	return columns
}

// convert makes the samples of the metric with index i from the row.
func (r *reader) convert(i int) {
	s := r.series[i]
	labels := make([]string, 0, len(s.labels)+1)
	for _, column := range s.labels {
		value, err := label(r.values[r.index[column]])
		if err != nil {
			r.fail(s, fmt.Errorf("column %s: %w", column, err))
			return
		}
		labels = append(labels, value)
	}
	switch s.kind {
	case typeInfo:
		r.add(i, labels, func(labels []string) (metric.Metric, error) {
			return metric.NewConstMetric(s.desc, metric.GaugeValue, 1, labels...)
		})
	case typeHistogram, typeSummary:
		r.add(i, labels, func(labels []string) (metric.Metric, error) { return r.distribution(s, labels) })
	default:
		for _, v := range s.values {
			own := labels
			if s.valueLabel != "" {
				own = append(slices.Clone(labels), v.name)
			}
			r.add(i, own, func(labels []string) (metric.Metric, error) { return r.single(s, v.column, labels) })
		}
	}
}

// add adds a sample of the metric with index i, unless its value is NULL or its series exists already.
func (r *reader) add(i int, labels []string, sample func(labels []string) (metric.Metric, error)) {
	s := r.series[i]
	made, err := sample(labels)
	if errors.Is(err, errNull) {
		return
	}
	if err != nil {
		r.fail(s, err)
		return
	}
	identity := strconv.Itoa(i) + "\xff" + strings.Join(labels, "\xff")
	if first, ok := r.seen[identity]; ok {
		r.fail(s, fmt.Errorf("row %d has the same labels %s: group by them, or add a label", first, shortened(strings.Join(labels, ", "))))
		return
	}
	r.seen[identity] = r.row
	r.samples = append(r.samples, made)
}

// single returns the sample of a metric whose value is a single number.
func (r *reader) single(s series, column string, labels []string) (metric.Metric, error) {
	value, err := r.number(column)
	if err != nil {
		return nil, err
	}
	kind := map[string]metric.ValueType{typeGauge: metric.GaugeValue, typeCounter: metric.CounterValue, typeUntyped: metric.UntypedValue}[s.kind]
	if kind == metric.CounterValue && !(value >= 0) {
		return nil, fmt.Errorf("column %s: a counter cannot be %v", column, value)
	}
	return metric.NewConstMetric(s.desc, kind, value*s.scale, labels...)
}

// number returns the number in a column of the row.
func (r *reader) number(column string) (float64, error) {
	n, err := number(r.values[r.index[column]])
	if err != nil {
		return 0, fmt.Errorf("column %s: %w", column, err)
	}
	return n, nil
}

// fail records an error of the row.
func (r *reader) fail(s series, err error) {
	if r.failed++; r.failed <= maxRowErrors {
		r.errs = append(r.errs, fmt.Errorf("row %d: metric %s: %w", r.row, s.name, err))
	}
}

// rowErrors returns the errors of rows as one error, or nil.
func (r *reader) rowErrors() error {
	errs := r.errs
	if more := r.failed - len(errs); more > 0 {
		errs = append(slices.Clone(errs), fmt.Errorf("and %d more", more))
	}
	return errors.Join(errs...)
}
