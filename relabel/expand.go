package relabel

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

const (
	maxGlobs     = 256 // Longer lists of alternatives use the engine.
	maxClassSize = 16  // Larger character classes use the engine.
)

// A token is an element of a sequence that an expression matches.
type token struct {
	kind  tokenKind
	text  string // for a word
	min   int    // for a gap
	group int    // for an opening or closing parenthesis
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

// globsOf returns globs that match the same strings as an expression, in the order in which the engine
// prefers them. It returns false if no globs do.
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
	// The engine treats a byte that is not UTF-8 as the replacement character.
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

// globOf converts a sequence to a glob.
func globOf(tokens []token) (glob, bool) {
	var (
		g        glob
		texts    = &g.prefix
		gapOpen  bool // whether the last token that is not a parenthesis is a gap
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
				return glob{}, false // Two gaps in a row: the engine decides where the first one ends.
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
