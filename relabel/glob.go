package relabel

import "strings"

// A glob matches strings that begin with a prefix and continue with its pieces, in order.
type glob struct {
	prefix string
	rest   []piece
	spans  []span // parts that the groups capture; see capturing
}

// A piece is a gap of at least min characters (0 or 1) followed by a text.
type piece struct {
	min  int
	text string
}

// A span is the part that a numbered group captures.
type span struct {
	group      int
	start, end place
}

// A place is an offset. It counts from the start of a string or, after the only gap of a glob, from the
// start of the text after the gap.
type place struct {
	behind bool
	offset int
}

func (g *glob) match(s string) bool {
	if len(g.rest) == 0 {
		return s == g.prefix
	}
	if !strings.HasPrefix(s, g.prefix) {
		return false
	}
	s = s[len(g.prefix):]
	last := len(g.rest) - 1
	for i := range g.rest[:last] {
		p := &g.rest[i]
		if len(s) < p.min {
			return false
		}
		at := strings.Index(s[p.min:], p.text)
		if at < 0 {
			return false
		}
		s = s[p.min+at+len(p.text):]
	}
	p := &g.rest[last]
	return len(s) >= p.min+len(p.text) && strings.HasSuffix(s, p.text)
}

// group returns the part of s that a group captures. The glob must match s.
func (g *glob) group(n int, s string) (string, bool) {
	for i := range g.spans {
		if sp := &g.spans[i]; sp.group == n {
			return s[g.at(sp.start, s):g.at(sp.end, s)], true
		}
	}
	return "", false
}

func (g *glob) at(p place, s string) int {
	if p.behind {
		return len(s) - len(g.rest[0].text) + p.offset
	}
	return p.offset
}

// capturing reports whether the spans of globs are the parts that package regexp captures. In two cases they
// may be others, because regexp may choose another match. In the first case, a glob has two gaps: the choice
// determines the length of each. In the second case, two globs with a gap match the same string, because the
// text after one gap ends in the text after the other: regexp tries the lengths of a gap before it tries the
// alternatives after it.
func capturing(globs []glob) bool {
	var tails []string
	for i := range globs {
		switch len(globs[i].rest) {
		case 0:
			continue
		case 1:
		default:
			return false
		}
		tail := globs[i].rest[0].text
		for _, other := range tails {
			if tail != other && (strings.HasSuffix(tail, other) || strings.HasSuffix(other, tail)) {
				return false
			}
		}
		tails = append(tails, tail)
	}
	return true
}
