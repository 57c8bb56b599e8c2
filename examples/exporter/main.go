// Spool_exporter exports how many files wait in the queues of a spool directory, and for how long.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
)

func main() { exporter.Main(newConfig()) }

// newConfig describes the exporter.
func newConfig() exporter.Config {
	var directory, pattern *string
	return exporter.Config{
		Name:        "spool_exporter",
		Description: "Exports how many files wait in the queues of a spool directory, and for how long.",
		Address:     ":19100",
		Flags: func(f exporter.Flagger) {
			directory = f.Flag("spool.directory", "Directory whose folders are the queues.").
				Default("/var/spool").String()
		},
		Ping: func(context.Context) error { // For spool_up.
			_, err := os.ReadDir(*directory)
			return err
		},
		Collectors: []exporter.Collector{{
			Name: "queues",
			Flags: func(f exporter.Flagger) {
				pattern = f.Flag("pattern", "Names of the files that count.").Default("*").String()
			},
			New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return newQueues(*directory, *pattern)
			},
			Policy: exporter.Policy{Timeout: 5 * time.Second},
		}},
	}
}
