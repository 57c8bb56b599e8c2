package exporter_test

import (
	"os"
	"strings"
	"testing"

	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/exporter/probe"
)

// TestExportersPage checks that no line of the page about exporters is wider than a reader's window.
func TestExportersPage(t *testing.T) {
	for i, line := range strings.Split(readText(t, "../docs/exporters.md"), "\n") {
		if width := len([]rune(strings.ReplaceAll(line, "\t", "    "))); width > 110 && !strings.HasPrefix(line, "|") {
			t.Errorf("docs/exporters.md:%d has %d characters", i+1, width)
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// Snippets that need a database, arguments or a test to run are only compiled.
var _ = []any{share, parts, adapt, inProcess}

// TestSnippets checks that the kit takes the configs of the snippets.
func TestSnippets(t *testing.T) {
	config := withSettings()
	config.Collectors = []exporter.Collector{ordersCollector()}
	config.Probers = []probe.Prober{pageProber()}
	if _, err := exporter.New(config); err != nil {
		t.Error(err)
	}
}
