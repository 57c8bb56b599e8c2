package exporter_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/exporter/probe"
)

// TestExportersPage checks that each Go snippet of docs/exporters.md is a part of compiled code, and that
// the page has no overlong lines.
func TestExportersPage(t *testing.T) {
	indentation := regexp.MustCompile(`(?m)^\s+`)
	var code strings.Builder
	for _, pattern := range []string{"example*_test.go", "../examples/exporter/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			code.WriteString("\n" + indentation.ReplaceAllString(readText(t, file), ""))
		}
	}
	page := readText(t, "../docs/exporters.md")
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?\n)```$").FindAllStringSubmatch(page, -1)
	if len(blocks) < 10 {
		t.Errorf("the page has %d snippets", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(code.String(), "\n"+indentation.ReplaceAllString(block[1], "")) {
			t.Errorf("no code that is compiled has this:\n%s", block[1])
		}
	}
	for i, line := range strings.Split(page, "\n") {
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

// TestSnippets checks that exporter.New accepts the configs of the snippets.
func TestSnippets(t *testing.T) {
	config := withSettings()
	config.Collectors = []exporter.Collector{ordersCollector()}
	config.Probers = []probe.Prober{pageProber()}
	if _, err := exporter.New(config); err != nil {
		t.Error(err)
	}
}
