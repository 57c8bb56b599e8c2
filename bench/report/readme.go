package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The lines of the README between which its figures are.
const (
	figuresBegin = "<!-- The figures between these lines are copied from docs/benchmarks.md: make readme -->"
	figuresEnd   = "<!-- End of the figures. -->"
)

// A headline is a row of benchmarks.md that the README shows.
type headline struct {
	title string // in the README
	work  string // in benchmarks.md
	peer  string // at the beginning of the row's comparison; empty if the row compares with no peer
}

var headlines = []headline{
	{"A scrape of 100,000 counters as text", "scrape of 100,000 counters, text", golang},
	{"The same, compared with VictoriaMetrics/metrics", "scrape of 100,000 counters, text", victoria},
	{"`Inc` on all cores", "Counter.Inc, all cores", ""},
	{"`Observe` of a native histogram", "native Histogram.Observe, one goroutine", golang},
	{"`WithLabelValues` with 2 labels, and `Inc`", "WithLabelValues (2) and Inc, one goroutine", golang},
}

// writeFigures copies the figures of the headlines from benchmarks.md in a folder into a README.
func writeFigures(folder, readme string) error {
	page, err := os.ReadFile(filepath.Join(folder, "benchmarks.md"))
	if err != nil {
		return err
	}
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	text, err := withFigures(string(old), string(page))
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(text), 0o644)
}

// withFigures returns a README with the figures of a page.
func withFigures(readme, page string) (string, error) {
	before, rest, ok := strings.Cut(readme, figuresBegin+"\n")
	_, after, end := strings.Cut(rest, figuresEnd+"\n")
	if !ok || !end {
		return "", fmt.Errorf("the lines %q and %q must be there, in this order", figuresBegin, figuresEnd)
	}
	figures, err := figuresOf(page)
	if err != nil {
		return "", err
	}
	return before + figuresBegin + "\n\n" + figures + "\n" + figuresEnd + "\n" + after, nil
}

// figuresOf returns a table of the headlines, with the figures of a page.
func figuresOf(page string) (string, error) {
	var out strings.Builder
	out.WriteString("| | this library | compared with | times as fast |\n| --- | --- | --- | --- |\n")
	for _, h := range headlines {
		cells := h.find(page)
		if cells == nil {
			return "", fmt.Errorf("benchmarks.md has no row %q that is compared with %q", h.work, h.peer)
		}
		speedup, err := inverse(cells[4])
		if err != nil {
			return "", fmt.Errorf("benchmarks.md, row %q: the ratio is %q, and not a number or a fraction", h.work, cells[4])
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %.1f |\n", h.title, cells[3], cells[2], speedup)
	}
	machine := slices.DeleteFunc(strings.Split(page, "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "- Machine: ") && !strings.HasPrefix(line, "- go1")
	})
	for i, line := range machine {
		machine[i] = strings.TrimPrefix(strings.TrimPrefix(line, "- "), "Machine: ")
	}
	fmt.Fprintf(&out, "\nFigures and factors are medians over the rounds of one run, so a factor can differ from the quotient of its\nrow. The machine: %s.\n", strings.Join(machine, ", "))
	return out.String(), nil
}

// inverse returns the inverse of a ratio that [fraction] has formatted.
func inverse(ratio string) (float64, error) {
	if denominator, ok := strings.CutPrefix(ratio, "1/"); ok {
		return strconv.ParseFloat(denominator, 64)
	}
	r, err := strconv.ParseFloat(ratio, 64)
	return 1 / r, err
}

// find returns the cells of the headline's row in a page, in the order of heading, or nil if the page has no
// such row.
func (h *headline) find(page string) []string {
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) == len(heading) && cells[0] == h.work && strings.HasPrefix(cells[2], h.peer) {
			return cells
		}
	}
	return nil
}
