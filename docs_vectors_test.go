package metric_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestVectorsPage checks that each snippet of the page about vectors is a part of a tested example, and
// that each output is a part of the output of such an example.
func TestVectorsPage(t *testing.T) {
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	indentation := regexp.MustCompile(`(?m)^\s+`)
	var code, outputs strings.Builder
	for _, file := range files {
		text := indentation.ReplaceAllString(readFile(t, file), "")
		code.WriteString(text)
		outputs.WriteString(regexp.MustCompile(`(?m)^// `).ReplaceAllString(text, ""))
	}
	places := map[string]string{"go": code.String(), "text": outputs.String()}
	blocks := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?\n)```$").FindAllStringSubmatch(readFile(t, "docs/vectors.md"), -1)
	if len(blocks) < 10 {
		t.Errorf("the page has %d snippets", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains("\n"+places[block[1]], "\n"+indentation.ReplaceAllString(block[2], "")) {
			t.Errorf("no example has this:\n%s", block[2])
		}
	}
}
