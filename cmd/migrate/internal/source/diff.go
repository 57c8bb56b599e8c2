package source

import (
	"fmt"
	"strings"
)

// context is the number of lines that Diff shows around a difference.
const context = 3

// Diff returns the differences between two texts as a unified diff, or "" if the texts are equal.
func Diff(name, before, after string) string {
	if before == after {
		return ""
	}
	script := compare(lines(before), lines(after))
	var out strings.Builder
	fmt.Fprintf(&out, "--- a/%s\n+++ b/%s\n", name, name)
	for from := 0; from < len(script); {
		if script[from].kind == ' ' {
			from++
			continue
		}
		// A hunk ends where there are more equal lines than two contexts show.
		last := from
		for i := from; i < len(script) && i-last <= 2*context; i++ {
			if script[i].kind != ' ' {
				last = i
			}
		}
		begin, end := max(0, from-context), min(len(script), last+1+context)
		writeHunk(&out, script, begin, end)
		from = end
	}
	return out.String()
}

func writeHunk(out *strings.Builder, script []diffLine, begin, end int) {
	var was, is, wasLen, isLen int
	for i, l := range script[:end] {
		old, young := l.kind != '+', l.kind != '-'
		switch {
		case i < begin:
			was, is = was+count(old), is+count(young)
		default:
			wasLen, isLen = wasLen+count(old), isLen+count(young)
		}
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", was+1, wasLen, is+1, isLen)
	for _, l := range script[begin:end] {
		out.WriteByte(l.kind)
		out.WriteString(l.text)
		if !strings.HasSuffix(l.text, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func lines(text string) []string {
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// diffLine is a line of both texts (' '), or of the text before ('-') or after ('+').
type diffLine struct {
	kind byte
	text string
}

// compare finds a shortest edit script with Myers' greedy algorithm ("An O(ND) Difference
// Algorithm and Its Variations", 1986).
func compare(a, b []string) []diffLine {
	var trace []map[int]int
	reach := map[int]int{1: 0} // the furthest x on each diagonal k = x − y
	for d := 0; ; d++ {
		next := make(map[int]int, d+1)
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && reach[k-1] < reach[k+1] {
				x = reach[k+1]
			} else {
				x = reach[k-1] + 1
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			next[k] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(a, b, append(trace, reach), d)
			}
		}
		trace = append(trace, reach)
		reach = next
	}
}

func backtrack(a, b []string, trace []map[int]int, d int) []diffLine {
	var script []diffLine
	x, y := len(a), len(b)
	for ; d >= 0; d-- {
		reach, k := trace[d], x-y
		previous := k - 1
		if k == -d || k != d && reach[k-1] < reach[k+1] {
			previous = k + 1
		}
		px := reach[previous]
		py := px - previous
		for x > px && y > py && x > 0 && y > 0 {
			x, y = x-1, y-1
			script = append(script, diffLine{' ', a[x]})
		}
		if d > 0 {
			if x == px {
				y--
				script = append(script, diffLine{'+', b[y]})
			} else {
				x--
				script = append(script, diffLine{'-', a[x]})
			}
		}
	}
	for i, j := 0, len(script)-1; i < j; i, j = i+1, j-1 {
		script[i], script[j] = script[j], script[i]
	}
	return script
}
