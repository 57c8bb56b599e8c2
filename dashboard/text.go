package dashboard

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/luxfi/metric/dashboard/internal/api"
)

// textWidth is the largest number of columns of the plain text.
const textWidth = 100

// severity orders states, worst first.
var severity = map[api.State]int{api.Stuck: 0, api.Open: 1, api.HalfOpen: 2, api.Failed: 3, api.Running: 4, api.OK: 4, api.Waiting: 5}

// writeText writes the collectors as plain text: first those with a problem, then a table of the others.
// It stops at the first error of w.
func writeText(w io.Writer, c *api.Collectors, now time.Time) {
	out := bufio.NewWriter(w)
	defer func() { _ = out.Flush() }() // It fails if the client has gone away.
	rows := slices.Clone(c.Rows)
	slices.SortStableFunc(rows, func(a, b api.Collector) int { return cmp.Compare(severity[a.State], severity[b.State]) })
	problems := slices.IndexFunc(rows, func(row api.Collector) bool { return !row.Problem })
	if problems < 0 {
		problems = len(rows)
	}
	others := slices.DeleteFunc(slices.Clone(rows[problems:]), func(row api.Collector) bool { return row.Group == api.GroupInstrument })

	fmt.Fprintf(out, "Problems: %d of %s. Instruments: %d with %d series. As of %s.\n",
		problems, counted(problems+len(others), "collector"), c.Instruments.Count, c.Instruments.Series, now.UTC().Format(time.RFC3339))
	for i := range rows[:problems] {
		writeProblem(out, &rows[i], now)
	}
	if len(others) > 0 {
		fmt.Fprintln(out)
		writeLine(out, "STATE", "COLLECTOR", "TOOK", "OF", "SERIES", "LAST RUN", "POLICIES")
		for i := range others {
			writeRow(out, &others[i], now)
		}
	}
}

// writeProblem writes a paragraph about a collector with a problem.
func writeProblem(out *bufio.Writer, c *api.Collector, now time.Time) {
	fmt.Fprintf(out, "\n%s %s\n", strings.ToUpper(string(c.State)), clip(c.Name, textWidth-len(c.State)-1))
	facts := []string{}
	add := func(isSo bool, format string, args ...any) {
		if isSo {
			facts = append(facts, fmt.Sprintf(format, args...))
		}
	}
	add(c.Since > 0, "since %s", ago(c.Since, now))
	add(c.LastStart > 0, "last run %s", ago(c.LastStart, now))
	add(c.LastEnded > 0, "took %s", took(c))
	add(c.Running > 0, "%d under way", c.Running)
	add(c.Series > 0, "%s", counted(c.Series, "series"))
	add(c.KeptSince > 0, "has a result of %s", ago(c.KeptSince, now))
	add(c.Breaker != "" && c.Breaker != "closed", "breaker %s", c.Breaker)
	for _, count := range []struct {
		n  uint64
		of string
	}{{c.Failures, "failure"}, {c.Panics, "panic"}, {c.Timeouts, "timeout"}, {c.Dropped, "dropped sample"}} {
		add(count.n > 0, "%s", counted(count.n, count.of))
	}
	writeParagraph(out, strings.Join(facts, ", "))
	writeParagraph(out, c.Error)
	writeParagraph(out, strings.Join(c.Policies, "; "))
}

// writeParagraph writes an indented text in as many lines as necessary.
func writeParagraph(out *bufio.Writer, text string) {
	const indent = "  "
	for line := range wrapped(text, textWidth-len(indent)) {
		fmt.Fprintf(out, "%s%s\n", indent, line)
	}
}

// wrapped yields the lines of a text, broken at spaces, and inside words that are too long.
func wrapped(text string, width int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		line, length := "", 0
		for word := range strings.FieldsSeq(text) {
			n := utf8.RuneCountInString(word)
			if length > 0 && length+1+n > width {
				if !yield(line) {
					return
				}
				line, length = "", 0
			}
			for length == 0 && n > width {
				end := runeIndex(word, width)
				if !yield(word[:end]) {
					return
				}
				word, n = word[end:], n-width
			}
			if length > 0 {
				line, length = line+" ", length+1
			}
			line, length = line+word, length+n
		}
		if length > 0 {
			yield(line)
		}
	}
}

func writeRow(out *bufio.Writer, c *api.Collector, now time.Time) {
	var duration, limit, last string
	if c.LastStart > 0 {
		last = ago(c.LastStart, now)
	}
	if c.LastEnded > 0 {
		duration = readable(c.DurationMs)
	}
	if c.DeadlineMs > 0 {
		limit = readable(c.DeadlineMs)
	}
	series := ""
	if c.Group != api.GroupPush {
		series = strconv.Itoa(c.Series)
	}
	writeLine(out, string(c.State), c.Name, duration, limit, series, last, strings.Join(c.Policies, "; "))
}

// writeLine writes a line of the table.
func writeLine(out *bufio.Writer, state, name, duration, limit, series, last, policies string) {
	const fixed = "%-9s %-34s %8s %8s %9s  %-12s "
	line := fmt.Sprintf(fixed, state, clip(name, 34), duration, limit, series, last)
	line += clip(policies, max(0, textWidth-utf8.RuneCountInString(line)))
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}

// took describes how long the last run took, and its limit.
func took(c *api.Collector) string {
	if c.DeadlineMs > 0 {
		return readable(c.DurationMs) + " of " + readable(c.DeadlineMs)
	}
	return readable(c.DurationMs)
}

// counted returns a number with its noun.
func counted[N int | uint64](n N, of string) string {
	if n == 1 || of == "series" {
		return fmt.Sprintf("%d %s", n, of)
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func ago(at int64, now time.Time) string { return readable(float64(now.UnixMilli()-at)) + " ago" }

// readable formats a duration of ms milliseconds with two or three digits.
func readable(ms float64) string {
	d := max(0, time.Duration(ms*float64(time.Millisecond)))
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	default:
		return fmt.Sprintf("%.0f d", d.Hours()/24)
	}
}

// clip returns the first most runes of a text.
func clip(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	if most < 1 {
		return ""
	}
	return text[:runeIndex(text, most-1)] + "…"
}

// runeIndex returns the byte index of the rune with index n.
func runeIndex(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}
