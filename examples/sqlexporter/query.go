package main

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
)

// errNoRows is the error of a query that must return rows but returned none.
var errNoRows = errors.New("it returned no rows, and no_rows is " + noRowsError)

// collector runs a query on a database. It is safe for concurrent use.
type collector struct {
	query  query
	pool   *pool
	series []series
}

// newCollector returns the collector of a query on a database.
func newCollector(q query, labels map[string]string, p *pool) *collector {
	c := &collector{query: q, pool: p}
	for _, m := range q.metrics {
		constant := metric.Labels(maps.Clone(labels))
		maps.Copy(constant, m.static)
		variable := m.labels
		if m.valueLabel != "" {
			variable = append(variable[:len(variable):len(variable)], m.valueLabel)
		}
		c.series = append(c.series, series{m, metric.NewDesc(m.name, m.help, variable, constant)})
	}
	return c
}

// Describe sends the descriptors of the metrics.
func (c *collector) Describe(ch chan<- *metric.Desc) {
	for _, s := range c.series {
		ch <- s.desc
	}
}

// Collect calls CollectWithContext with a background context.
func (c *collector) Collect(ch chan<- metric.Metric) { c.CollectWithContext(context.Background(), ch) }

// CollectWithContext runs the query and sends its samples after the query has ended, so that a slow
// scrape does not occupy a connection. If the query fails, it sends no samples.
func (c *collector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	r := &reader{series: c.series, maxSeries: c.query.maxSeries}
	err := c.pool.query(ctx, c.query.sql, r.read)
	if err == nil {
		for _, sample := range r.samples {
			ch <- sample
		}
		err = r.rowErrors()
	}
	if err == nil && r.row == 0 {
		switch c.query.noRows {
		case noRowsData:
			err = fmt.Errorf("%w: no rows", exporter.ErrNoData)
		case noRowsError:
			err = errNoRows
		}
	}
	if err != nil {
		ch <- metric.NewInvalidMetric(c.series[0].desc, fmt.Errorf("query %s: %w", c.query.name, err))
	}
}
