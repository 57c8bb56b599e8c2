package exporter

import (
	"strings"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/collectors/version"
)

// registerAbout registers the exporter's metrics about itself: its version and, if process is true,
// metrics of its process and of the Go runtime.
func registerAbout(r *metric.ContextRegistry, config *Config, process bool) error {
	about := []metric.Registration{{
		Collector: version.NewCollector(strings.ReplaceAll(config.Name, "-", "_")),
		Options:   []metric.CollectorOption{metric.WithName("build_info")},
	}}
	if process {
		about = append(about, metric.Registration{
			Collector: metric.NewGoCollector(), Options: []metric.CollectorOption{metric.WithName("go")},
		}, metric.Registration{
			Collector: metric.NewProcessCollector(metric.ProcessCollectorOpts{}),
			Options:   []metric.CollectorOption{metric.WithName("process")},
		})
	}
	return r.Exchange(nil, about...)
}
