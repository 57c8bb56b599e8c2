// Sqlexporter exports the results of SQL queries as metrics. See README.md.
package main

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
)

func main() { exporter.Main(config()) }

// config describes the exporter.
func config() exporter.Config {
	return exporter.Config{
		Name:        "sql_exporter",
		Description: "Exports the results of SQL queries as metrics.",
		Address:     ":9399",
		Settings:    func() any { return new(settings) },
		Configure:   configure,
	}
}

// configure adds a collector for each query on each database, such as tables@shop, and a collector of
// sql_up for each database, such as up@shop.
func configure(_ context.Context, s *exporter.Setup) error {
	databases, err := check(s.File, s.Settings.(*settings))
	if err != nil {
		return err
	}
	for _, d := range databases {
		pool, err := exporter.Share(s, d.shared(), d.connection, func() (*pool, error) { return openPool(d.connection) })
		if err != nil {
			return err
		}
		s.Group(d.shared(), d.connection.maxConnections)
		s.Add(collectors(d, pool)...)
	}
	return nil
}

// collectors returns the collectors of a database.
func collectors(d database, p *pool) []exporter.Collector {
	up := exporter.Collector{
		Name:     "up@" + d.name,
		Settings: []any{d.connection, d.labels},
		Policy:   exporter.Policy{Timeout: cmp.Or(d.connection.connectTimeout, defaultConnectTimeout)},
		New: func(context.Context, *slog.Logger) (metric.Collector, error) {
			return exporter.NewUp("sql_up", d.labels, p.ping), nil
		},
	}
	all := []exporter.Collector{up}
	for _, q := range d.queries {
		q.policy.Group = d.shared()
		all = append(all, exporter.Collector{
			Name:     q.name + "@" + d.name,
			Settings: []any{d.connection, d.labels, q},
			Policy:   q.policy,
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return newCollector(q, d.labels, p), nil
			},
		})
	}
	return all
}
