package exporter

import (
	"strings"

	metrics "github.com/luxfi/metric"
	"github.com/luxfi/metric/collectors/version"
)

// registerAbout registers the exporter's metrics about itself: its version and, if process is true,
// metrics of its process and of the Go runtime.
func registerAbout(r *metrics.ContextRegistry, config *Config, process bool) error {
	about := []metrics.Registration{{
		Collector: version.NewCollector(strings.ReplaceAll(config.Name, "-", "_")),
		Options:   []metrics.CollectorOption{metrics.WithName("build_info")},
	}}
	if process {
		about = append(about, metrics.Registration{
			Collector: metrics.NewGoCollector(), Options: []metrics.CollectorOption{metrics.WithName("go")},
		}, metrics.Registration{
			Collector: metrics.NewProcessCollector(metrics.ProcessCollectorOpts{}),
			Options:   []metrics.CollectorOption{metrics.WithName("process")},
		})
	}
	return r.Exchange(nil, about...)
}
