package snippets

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	textBlock  = regexp.MustCompile("(?ms)^```text\n(.*?\n)```$")
	exampleOut = regexp.MustCompile(`(?m)^[ \t]*// Output:\n((?:[ \t]*//.*\n)+)`)
	commenting = regexp.MustCompile(`(?m)^[ \t]*// ?`)
)

// TestOutputs checks that each output on these pages is a part of what an example prints.
func TestOutputs(t *testing.T) {
	printed := exampleOutputs(t, "../../example*_test.go", "*_test.go")
	for name, least := range map[string]int{"vectors.md": 2, "instruments.md": 9} {
		blocks := textBlock.FindAllStringSubmatch(page(t, name), -1)
		if len(blocks) < least {
			t.Errorf("%s has %d outputs", name, len(blocks))
		}
		for _, block := range blocks {
			if !strings.Contains(printed, "\n"+block[1]) {
				t.Errorf("%s: no example prints this:\n%s", name, block[1])
			}
		}
	}
}

// exampleOutputs returns what the examples in the files print.
func exampleOutputs(t *testing.T, patterns ...string) string {
	t.Helper()
	var outputs strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			for _, out := range exampleOut.FindAllStringSubmatch(read(t, file), -1) {
				outputs.WriteString("\n" + commenting.ReplaceAllString(out[1], ""))
			}
		}
	}
	return outputs.String()
}
