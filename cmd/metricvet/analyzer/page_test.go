package analyzer_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// silent takes the complaints of analysistest that a finding has no comment with an expectation.
type silent struct{}

func (silent) Errorf(string, ...any) {}

// TestPage checks that the analyzers find exactly the mistakes in the snippets of docs/vet.md. These are the
// lines of testdata/src/page that end with a comment.
func TestPage(t *testing.T) {
	const file = "testdata/src/page/page.go"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []int
	mistake := regexp.MustCompile(`^\t.*\S\s+// `)
	for i, line := range strings.Split(string(text), "\n") {
		if mistake.MatchString(line) {
			want = append(want, i+1)
		}
	}
	for _, result := range analysistest.Run(silent{}, analysistest.TestData(), chosen(), "page") {
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		for _, d := range result.Diagnostics {
			got = append(got, result.Pass.Fset.Position(d.Pos).Line)
			t.Log(d.Message)
		}
	}
	slices.Sort(got)
	if len(want) < 10 || !slices.Equal(slices.Compact(got), want) {
		t.Errorf("%s: findings in the lines %v, want %v", file, got, want)
	}
}
