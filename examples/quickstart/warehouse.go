package main

import (
	"sync/atomic"
	"time"

	"github.com/luxfi/metric"
)

var stockDesc = metric.NewDesc("shop_warehouse_stock_items",
	"Items in the warehouse.", []string{"item"}, nil)

// warehouseCollector stands for code that cannot be canceled. It is a classic collector without a context,
// and the warehouse that it asks is slow every other time. A scrape with a shorter timeout gets all other
// metrics.
type warehouseCollector struct {
	delay   time.Duration
	closing <-chan struct{}
	asked   atomic.Uint64
}

func (c *warehouseCollector) Describe(ch chan<- *metric.Desc) {
	ch <- stockDesc
}

func (c *warehouseCollector) Collect(ch chan<- metric.Metric) {
	if c.asked.Add(1)%2 == 0 {
		select {
		case <-time.After(c.delay):
		case <-c.closing:
		}
	}
	ch <- metric.MustNewConstMetric(stockDesc, metric.GaugeValue, 120, "teapot")
	ch <- metric.MustNewConstMetric(stockDesc, metric.GaugeValue, 7, "kettle")
}
