package snippets

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func _(mux *http.ServeMux) metric.Metrics {
	registry := metric.NewContextRegistry(
		metric.WithSelfMetrics("app"),     // metrics about scrapes: app_scrape_…
		metric.WithLogger(slog.Default()), // a line for each kind of failure of a collector, at most once a minute
	)
	registry.MustRegister(metric.NewGoCollector(), metric.NewProcessCollector(metric.ProcessCollectorOpts{}))
	app := metric.NewWithRegistry("app", registry) // makes instruments, as metric.New does for the default registry
	mux.Handle("GET /metrics", metric.HandlerForContext(registry, metric.HandlerOpts{
		EnableOpenMetrics: true,
		Timeout:           10 * time.Second, // for clients that announce no timeout
	}))
	mux.Handle("GET /status", metric.StatusHandler(registry)) // for operators only: it shows the texts of errors
	return app
}

func _(mux *http.ServeMux) {
	metric.EnableSelfMetrics("app") // does for the default registry what WithSelfMetrics does for others
	mux.Handle("GET /metrics", metric.Handler())
	mux.Handle("GET /status", metric.StatusHandler(metric.DefaultGatherer))
}

func _(mux *http.ServeMux, registry *metric.ContextRegistry) {
	mux.Handle("/dashboard/", dashboard.Handler(registry, dashboard.Opts{}))
}

func _(registry *metric.ContextRegistry, orders metric.Collector) error {
	database := metric.NewGroup("database", 2)
	err := registry.RegisterWith(orders,
		metric.WithName("orders"),
		metric.WithGroup(database),
		metric.WithTimeout(5*time.Second),
		metric.WithCache(30*time.Second),
		metric.WithStale(5*time.Minute),
		metric.WithBreaker(5, time.Minute),
	)
	return err
}

func _(requests *metric.CounterVec) *metric.ContextRegistry {
	requests.SetLimit(10_000)                              // series of one vector
	requests.SetValueLimit(200, metric.TruncateLongValues) // bytes of each label value
	registry := metric.NewContextRegistry(
		metric.WithSeriesLimit(200_000),                       // series of all vectors registered with it
		metric.WithValueLimit(500, metric.OverflowLongValues), // for vectors that set no limit for values
	)
	return registry
}

func _(err error) {
	if failed, ok := errors.AsType[*metric.GatherError](err); ok {
		for _, f := range failed.Failures {
			fmt.Println(f.Collector, f.Err) // All collectors that are not in the list are complete.
		}
	}
}
