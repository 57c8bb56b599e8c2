package relabel

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

const (
	maxGlobs     = 256 // Longer lists of alternatives go to the engine.
	maxClassSize = 16  // So do larger character classes.
)

// A glob matches strings that begin with a prefix and go on with any number of pieces.
type glob struct {
	prefix string
	rest   []piece
	spans  []span // What the groups capture; see capturing.
}

// A piece is a gap of at least min characters (0 or 1), followed by a text.
type piece struct {
	min  int
	text string
}

// A span is what the group of a number captures.
type span struct {
	group      int
	start, end place
}

// A place is an offset from the start of a string or, behind the only gap of a glob, from
// the start of what follows the gap.
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

// group returns what a group captures of s, which has to match.
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

// capturing reports whether globs know the places of their groups. With two gaps, it depends
// on the order of the search how long each gap is. So it does if a string can end in what
// follows the gaps of two globs: the engine tries the lengths of a gap before it tries the
// alternatives behind it.
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

// A token is an element of a sequence that an expression matches.
type token struct {
	kind  tokenKind
	text  string // Of a word.
	min   int    // Of a gap.
	group int    // Of an opening or closing parenthesis.
}

type tokenKind uint8

const (
	word tokenKind = iota
	gap
	opening
	closing
	begin
	end
)

// globsOf returns globs that match what an expression matches, in the order in which the
// engine prefers them. It returns false if there are none.
func globsOf(re *syntax.Regexp) ([]glob, bool) {
	sequences, ok := expand(re)
	if !ok {
		return nil, false
	}
	globs := make([]glob, len(sequences))
	for i, tokens := range sequences {
		if globs[i], ok = globOf(tokens); !ok {
			return nil, false
		}
	}
	return globs, true
}

// expand returns the sequences of tokens that an expression matches.
func expand(re *syntax.Regexp) ([][]token, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return [][]token{nil}, true
	case syntax.OpLiteral:
		return expandLiteral(re)
	case syntax.OpCharClass:
		return expandClass(re)
	case syntax.OpStar, syntax.OpPlus:
		if re.Sub[0].Op != syntax.OpAnyChar {
			return nil, false
		}
		t := token{kind: gap}
		if re.Op == syntax.OpPlus {
			t.min = 1
		}
		return [][]token{{t}}, true
	case syntax.OpBeginText:
		return [][]token{{{kind: begin}}}, true
	case syntax.OpEndText:
		return [][]token{{{kind: end}}}, true
	case syntax.OpCapture:
		inner, ok := expand(re.Sub[0])
		for i := range inner {
			captured := append([]token{{kind: opening, group: re.Cap}}, inner[i]...)
			inner[i] = append(captured, token{kind: closing, group: re.Cap})
		}
		return inner, ok
	case syntax.OpQuest:
		inner, ok := expand(re.Sub[0])
		if re.Flags&syntax.NonGreedy != 0 {
			return append([][]token{nil}, inner...), ok
		}
		return append(inner, nil), ok
	case syntax.OpAlternate:
		var all [][]token
		for _, sub := range re.Sub {
			one, ok := expand(sub)
			if all = append(all, one...); !ok || len(all) > maxGlobs {
				return nil, false
			}
		}
		return all, true
	case syntax.OpConcat:
		return expandConcat(re.Sub)
	default:
		return nil, false
	}
}

func expandConcat(subs []*syntax.Regexp) ([][]token, bool) {
	all := [][]token{nil}
	for _, sub := range subs {
		one, ok := expand(sub)
		if !ok || len(all)*len(one) > maxGlobs {
			return nil, false
		}
		product := make([][]token, 0, len(all)*len(one))
		for _, head := range all {
			for _, tail := range one {
				product = append(product, append(head[:len(head):len(head)], tail...))
			}
		}
		all = product
	}
	return all, true
}

func expandLiteral(re *syntax.Regexp) ([][]token, bool) {
	// The engine takes a byte that is not UTF-8 for the replacement character.
	text := string(re.Rune)
	if re.Flags&syntax.FoldCase != 0 || strings.ContainsRune(text, utf8.RuneError) {
		return nil, false
	}
	return [][]token{{{kind: word, text: text}}}, true
}

func expandClass(re *syntax.Regexp) ([][]token, bool) {
	var all [][]token
	for i := 0; i < len(re.Rune); i += 2 {
		low, high := re.Rune[i], re.Rune[i+1]
		if len(all)+int(high-low)+1 > maxClassSize || low <= utf8.RuneError && utf8.RuneError <= high {
			return nil, false
		}
		for r := low; r <= high; r++ {
			all = append(all, []token{{kind: word, text: string(r)}})
		}
	}
	return all, len(all) > 0
}

// globOf makes a glob of a sequence.
func globOf(tokens []token) (glob, bool) {
	var (
		g        glob
		texts    = &g.prefix
		gapOpen  bool // The last token that is not a parenthesis is a gap.
		started  bool
		finished bool
	)
	here := func() place { return place{len(g.rest) > 0, len(*texts)} }
	for _, t := range tokens {
		switch t.kind {
		case word:
			if finished {
				return glob{}, false
			}
			*texts += t.text
			started, gapOpen = true, false
		case gap:
			if finished {
				return glob{}, false
			}
			if gapOpen {
				return glob{}, false // Two in a row: where one ends is up to the engine.
			}
			g.rest = append(g.rest, piece{min: t.min})
			texts = &g.rest[len(g.rest)-1].text
			started, gapOpen = true, true
		case begin:
			if started {
				return glob{}, false
			}
		case end:
			finished = true
		case opening:
			g.spans = append(g.spans, span{group: t.group, start: here()})
		case closing:
			for i := range g.spans {
				if g.spans[i].group == t.group {
					g.spans[i].end = here()
				}
			}
		}
	}
	return g, true
}
