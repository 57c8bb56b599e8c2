// Catalog is a small shop that can describe its metrics. With -catalog it writes a table of them, a
// Grafana dashboard and Prometheus rules to a folder, and exits.
//
//	go generate ./catalog
package main

//go:generate go run . -catalog .

import (
	"flag"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog/grafana"
	"github.com/luxfi/metric/catalog/rules"
	"github.com/luxfi/metric/promhttp"
)

func main() {
	folder := flag.String("catalog", "", "write METRICS.md, dashboard.json and rules.yml to this folder, and end")
	address := flag.String("listen", "localhost:8080", "address to serve /metrics on")
	flag.Parse()
	registry := newRegistry()
	if *folder != "" {
		if err := writeCatalog(registry, *folder); err != nil {
			log.Fatal(err)
		}
		return
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(*address, nil)) //nolint:gosec // The example serves only its own machine.
}

// newRegistry returns a registry with the metrics of the shop.
func newRegistry() *metric.ContextRegistry {
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("shop"))
	registry.MustRegister(
		metric.NewCounterVec(metric.CounterOpts{Name: "shop_requests_total", Help: "Requests that were answered."}, []string{"method", "code"}),
		metric.NewCounter(metric.CounterOpts{Name: "shop_payment_failures_total", Help: "Payments that the bank has refused."}),
		metric.NewHistogram(metric.HistogramOpts{
			Name: "shop_request_duration_seconds", Help: "Time to answer a request.", Buckets: []float64{0.01, 0.1, 1}, NativeHistogramBucketFactor: 1.1,
		}),
		metric.NewGauge(metric.GaugeOpts{Name: "shop_stock_bytes", Help: "Size of the files for sale."}),
		metric.NewStateSet(metric.StateSetOpts{Name: "shop_state", Help: "Whether the shop is open.", States: []string{"open", "closed"}}),
	)
	return registry
}

// writeCatalog writes the table, the dashboard and the rules to a folder.
func writeCatalog(registry metric.Gatherer, folder string) error {
	files, err := catalogFiles(registry)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// catalogFiles returns the contents of the files by their names.
func catalogFiles(registry metric.Gatherer) (map[string][]byte, error) {
	c, err := metric.Catalog(registry)
	if err != nil {
		return nil, err
	}
	board, err := grafana.New(c, grafana.Opts{Title: "Shop"})
	if err != nil {
		return nil, err
	}
	dashboard, err := board.JSON()
	if err != nil {
		return nil, err
	}
	file, err := rules.New(c, rules.Opts{Job: "shop"})
	if err != nil {
		return nil, err
	}
	text, err := file.YAML()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"METRICS.md": []byte(c.Markdown()), "dashboard.json": dashboard, "rules.yml": text}, nil
}
