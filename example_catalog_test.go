package metric_test

import (
	"fmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/grafana"
	"github.com/luxfi/metric/catalog/rules"
)

// A program can print a table of all its metrics. A test can compare the table with a file in the
// repository.
func ExampleCatalog() {
	registry := metric.NewContextRegistry()
	registry.MustRegister(
		metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests served."}, []string{"method", "code"}),
		metric.NewGauge(metric.GaugeOpts{Name: "queue_bytes", Help: "Data waiting.", Unit: "bytes"}),
	)
	c, err := metric.Catalog(registry)
	if err != nil {
		fmt.Println(err) // The catalog still has everything else.
	}
	fmt.Print(c.Markdown())
	// Output:
	// | Metric | Type | Unit | Labels | Help | Details | Collector |
	// | --- | --- | --- | --- | --- | --- | --- |
	// | `queue_bytes` | gauge | bytes |  | Data waiting. |  | instrument |
	// | `requests_total` | counter |  | `code`, `method` | Requests served. |  | instrument |
}

// A catalog becomes a dashboard and rules. This catalog has only the program's own metrics.
func ExampleCatalog_dashboardAndRules() {
	registry := metric.NewContextRegistry()
	registry.MustRegister(
		metric.NewGoCollector(),
		metric.NewCounter(metric.CounterOpts{Name: "shop_errors_total", Help: "What went wrong."}),
	)
	all, err := metric.Catalog(registry)
	if err != nil {
		fmt.Println(err)
	}
	ours := all.Filter(func(f *catalog.Family) bool { return f.Collectors[0].Kind == "instrument" })

	dashboard, err := grafana.New(ours, grafana.Opts{Title: "Shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := dashboard.JSON() // Grafana can import a file with this text.
	fmt.Println(len(text) > 1000, err)

	file, err := rules.New(ours, rules.Opts{Job: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, group := range file.Groups { // YAML returns the whole file for Prometheus.
		for _, rule := range group.Rules {
			fmt.Println(rule.Record+rule.Alert, "=", rule.Expr)
		}
	}
	// Output:
	// true <nil>
	// job:shop_errors:rate5m = sum by (job) (rate(shop_errors_total{job="shop"}[5m]))
	// TargetDown = up{job="shop"} == 0
	// TargetAbsent = absent(up{job="shop"})
	// ShopErrorsIncreasing = sum by (job, instance) (increase(shop_errors_total{job="shop"}[15m])) > 0
}
