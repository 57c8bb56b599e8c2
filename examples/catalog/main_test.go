package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestCatalog fails if a metric has changed without go generate. This way, reviewers see every change of a
// metric that alerts may depend on.
func TestCatalog(t *testing.T) {
	files, err := catalogFiles(newRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run go generate", name)
		}
	}
}

// TestPage checks that docs/catalog.md shows this program's output.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := catalogFiles(newRegistry())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(files["METRICS.md"])) {
		if strings.Contains(line, "_scrape_") {
			continue // The page omits the registry's metrics about itself.
		}
		n++
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/catalog.md lacks the line\n%s", line)
		}
	}
	if n < 7 {
		t.Errorf("the table has %d lines", n)
	}
}

func TestWriteCatalog(t *testing.T) {
	folder := t.TempDir()
	if err := writeCatalog(newRegistry(), folder); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}
