package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeFigures checks that the README has the figures of benchmarks.md.
func TestReadmeFigures(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, page := readFile(t, filepath.Join(root, "README.md")), readFile(t, filepath.Join(root, "docs", "benchmarks.md"))
	want, err := withFigures(readme, page)
	if err != nil {
		t.Fatal(err)
	}
	if readme != want {
		t.Error("README.md has other figures than docs/benchmarks.md; run make readme")
	}
}

// TestWithFigures checks that withFigures replaces the figures in the README with the figures of the page,
// and keeps the rest.
func TestWithFigures(t *testing.T) {
	page := `- Machine: Some CPU, 2 cores, linux/amd64
- go1.2.3
- example.com/peer v1

| work | target | compared with | metric | ratio |  |
| --- | --- | --- | --- | --- | --- |
`
	for _, h := range headlines {
		page += "| " + h.work + " | ≤ 0.40 | " + h.peer + " 8 ns/op | 2 ns/op | 0.25 | hit |\n"
	}
	readme := "before\n" + figuresBegin + "\nold\n" + figuresEnd + "\nafter\n"
	got, err := withFigures(readme, page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n", "\nafter\n", "\n| `Observe` of a native histogram | 2 ns/op | client_golang 8 ns/op | 4.0 |\n", ": Some CPU, 2 cores, linux/amd64, go1.2.3.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the README lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "old") {
		t.Errorf("the README still has the old figures:\n%s", got)
	}
	if again, err := withFigures(got, page); err != nil || again != got {
		t.Errorf("written again, the README is\n%s(%v)", again, err)
	}

	if _, err := withFigures("no lines\n", page); err == nil {
		t.Error("a README without the lines was accepted")
	}
	if got, err := withFigures(readme, strings.ReplaceAll(page, "0.25", "1/4.0")); err != nil || !strings.Contains(got, "8 ns/op | 4.0 |") {
		t.Errorf("with fractions, the README is\n%s(%v)", got, err)
	}
	if _, err := withFigures(readme, strings.ReplaceAll(page, "0.25", "not measured")); err == nil {
		t.Error("a row without a ratio was accepted")
	}
	if _, err := withFigures(readme, strings.ReplaceAll(page, golang, "another")); err == nil {
		t.Error("a page without the rows was accepted")
	}
}
