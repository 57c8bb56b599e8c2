package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/luxfi/metric"
)

// newRegistry returns a registry that measures and logs its own scrapes.
func newRegistry() *metric.ContextRegistry {
	return metric.NewContextRegistry(
		metric.WithSelfMetrics("shop"),
		metric.WithLogger(slog.Default()),
	)
}

// registerCollectors registers the collectors with their policies.
func (s *shop) registerCollectors() error {
	// At most two queries to the database run at the same time, however many scrapes there are.
	database := metric.NewGroup("database", 2)
	register := s.registry.RegisterWith
	return errors.Join(
		register(&ordersCollector{db: s.db}, metric.WithName("orders"), metric.WithGroup(database)),
		// The sales report fails from time to time. A cached report is read again after two seconds.
		// After three failures in a row, it is not read for five seconds. Until reading succeeds again,
		// scrapes get the last report, for up to a minute.
		register(&salesCollector{db: s.db}, metric.WithName("sales"), metric.WithGroup(database),
			metric.WithTimeout(2*time.Second),
			metric.WithCache(2*time.Second),
			metric.WithStale(time.Minute),
			metric.WithBreaker(3, 5*time.Second)),
		register(&warehouseCollector{delay: s.cfg.warehouseDelay, closing: s.closing}, metric.WithName("warehouse")),
		register(metric.NewGoCollector(), metric.WithName("go")),
		register(metric.NewProcessCollector(metric.ProcessCollectorOpts{}), metric.WithName("process")),
	)
}
