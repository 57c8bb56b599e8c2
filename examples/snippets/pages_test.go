package snippets

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// root is the folder of the repository.
const root = "../.."

var (
	indentation = regexp.MustCompile(`(?m)^[ \t]+`)
	goBlock     = regexp.MustCompile("(?ms)^[ \t]*```go\n(.*?\n)[ \t]*```$")
)

// TestPages checks that each Go snippet of a page in docs is a part of a file that is compiled: of an
// example, of a program in examples, or of a file in this folder.
func TestPages(t *testing.T) {
	code := compiledCode(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) < 15 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	snippets := 0
	for _, file := range pages {
		for _, block := range goBlock.FindAllStringSubmatch(read(t, file), -1) {
			snippets++
			if !strings.Contains(code, "\n"+indentation.ReplaceAllString(block[1], "")) {
				t.Errorf("%s: no Go file has this snippet:\n%s", filepath.Base(file), block[1])
			}
		}
	}
	if snippets < 60 {
		t.Errorf("the pages have %d snippets", snippets)
	}
}

// TestLines checks that no line of a page is too wide for a reader's window. Tables and code may be wider.
func TestLines(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(pages, filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "CHANGELOG.md")) {
		code := false
		for i, line := range strings.Split(read(t, file), "\n") {
			text := strings.TrimLeft(line, " \t")
			if strings.HasPrefix(text, "```") {
				code = !code
			}
			if width := utf8.RuneCountInString(line); width > 110 && !code && !strings.HasPrefix(text, "|") {
				t.Errorf("%s:%d has %d characters", filepath.Base(file), i+1, width)
			}
		}
	}
}

// compiledCode returns the Go files of the repository, without indentation.
func compiledCode(t *testing.T) string {
	t.Helper()
	var code strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			code.WriteString("\n" + indentation.ReplaceAllString(read(t, path), ""))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return code.String()
}

// page returns a page in docs.
func page(t *testing.T, name string) string {
	t.Helper()
	return read(t, filepath.Join(root, "docs", name))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
