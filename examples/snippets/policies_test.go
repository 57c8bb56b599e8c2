package snippets

import (
	"time"

	"github.com/luxfi/metric"
)

func _(registry *metric.ContextRegistry, backups metric.Collector) error {
	err := registry.RegisterWith(backups,
		metric.WithBackground(10*time.Minute), // how often it runs
		metric.WithTimeout(5*time.Minute),     // how long a run may take
		metric.WithStale(time.Hour),           // how old a result may be after failures
	)
	return err
}
