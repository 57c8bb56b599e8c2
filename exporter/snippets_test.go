package exporter_test

import (
	"testing"

	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/exporter/probe"
)

// Snippets that need a database, arguments or a test to run are only compiled.
var _ = []any{share, parts, adapt, inProcess}

// TestSnippets checks that exporter.New accepts the configs of the snippets.
func TestSnippets(t *testing.T) {
	config := withSettings()
	config.Collectors = []exporter.Collector{ordersCollector()}
	config.Probers = []probe.Prober{pageProber()}
	if _, err := exporter.New(config); err != nil {
		t.Error(err)
	}
}
