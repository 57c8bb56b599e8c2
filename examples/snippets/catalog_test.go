package snippets

import (
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/grafana"
	"github.com/luxfi/metric/catalog/rules"
)

// The snippets of docs/catalog.md; its first one is a part of ExampleCatalog.

// catalogDashboard returns the dashboard for a catalog.
func catalogDashboard(c *catalog.Catalog) ([]byte, error) {
	dashboard, err := grafana.New(c, grafana.Opts{Title: "Shop"})
	if err != nil {
		return nil, err
	}
	return dashboard.JSON()
}

// catalogRules returns the rules for a catalog.
func catalogRules(c *catalog.Catalog) ([]byte, error) {
	file, err := rules.New(c, rules.Opts{Job: "shop"})
	if err != nil {
		return nil, err
	}
	return file.YAML()
}

func TestCatalogFiles(t *testing.T) {
	registry := metric.NewContextRegistry()
	registry.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "shop_errors_total", Help: "Errors."}))
	c, err := metric.Catalog(registry)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*catalog.Catalog) ([]byte, error){
		"dashboard": catalogDashboard, "rules": catalogRules,
	} {
		if text, err := write(c); len(text) == 0 || err != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
