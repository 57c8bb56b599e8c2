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

// registerCollectors registers everything that runs at each scrape, and says how.
func (s *shop) registerCollectors() error {
	// However many scrapes come, two of them are in the database at once.
	database := metric.NewGroup("database", 2)
	register := s.registry.RegisterWith
	return errors.Join(
		register(&ordersCollector{db: s.db}, metric.WithName("orders"), metric.WithGroup(database)),
		// The report fails from time to time. Two seconds after it was read it is
		// read again; after three failures in a row it is left alone for five. Until
		// it is back, the last one is served, for up to a minute.
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
