package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/luxfi/metric"
)

// baskets are the sizes of an order.
var baskets = []string{"small", "medium", "large"}

const salesReport = `
	CREATE TABLE sales AS
	SELECT CASE WHEN euros < 20 THEN 'small' WHEN euros < 100 THEN 'medium' ELSE 'large' END AS basket, SUM(euros) AS euros
	FROM orders WHERE status = 'paid' GROUP BY basket`

// renewSales makes a new sales report repeatedly, until ctx is done. Like many nightly jobs, it first
// drops the table and then takes its time to fill the new one.
func (s *shop) renewSales(ctx context.Context) {
	for {
		for _, step := range []struct {
			wait  time.Duration
			query string
		}{
			{s.cfg.salesPause, `DROP TABLE sales`},
			{s.cfg.salesOutage, salesReport},
		} {
			select {
			case <-ctx.Done():
				return
			case <-time.After(step.wait):
			}
			if _, err := s.db.ExecContext(ctx, step.query); err != nil && ctx.Err() == nil {
				log.Printf("sales report: %v", err)
			}
		}
	}
}

var salesDesc = metric.NewDesc("shop_sales_euros",
	"Value of the paid orders, by size of the order, as of the last sales report.", []string{"basket"}, nil)

// salesCollector reads the sales report. The report is sometimes missing. The collector's policies
// determine what scrapes get then.
type salesCollector struct {
	db *sql.DB
}

func (c *salesCollector) Describe(ch chan<- *metric.Desc) {
	ch <- salesDesc
}

// Collect is for gatherers without a context.
func (c *salesCollector) Collect(ch chan<- metric.Metric) {
	c.CollectWithContext(context.Background(), ch)
}

func (c *salesCollector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	sales, err := c.read(ctx)
	if err != nil {
		// The invalid metric makes the run a failure, which the breaker counts.
		ch <- metric.NewInvalidMetric(salesDesc, err)
		return
	}
	for _, basket := range baskets {
		ch <- metric.MustNewConstMetric(salesDesc, metric.GaugeValue, sales[basket], basket)
	}
}

func (c *salesCollector) read(ctx context.Context) (map[string]float64, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT basket, euros FROM sales`)
	if err != nil {
		return nil, fmt.Errorf("reading the sales report: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error.
	sales := make(map[string]float64)
	for rows.Next() {
		var (
			basket string
			euros  float64
		)
		if err := rows.Scan(&basket, &euros); err != nil {
			return nil, err
		}
		sales[basket] = euros
	}
	return sales, rows.Err()
}
