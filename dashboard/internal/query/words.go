package query

import (
	"strings"
	"unicode"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// Limits of a search.
const (
	maxWords      = 16
	maxWordsBytes = 1000
)

// filter is a parsed search.
type filter struct{ terms []term }

// term is one word of a search.
type term struct {
	kind  termKind
	not   bool
	label needle // for termLabel: part of the label's name
	text  needle
}

type termKind uint8

const (
	termText  termKind = iota // part of any text
	termLabel                 // part of the value of a label
	termType                  // prefix of the family's type
)

// parse parses a search. Any text is valid. It ignores words beyond the limits.
func parse(words string) *filter {
	f := &filter{}
	for rest := words[:min(len(words), maxWordsBytes)]; len(f.terms) < maxWords; {
		var w word
		w, rest = nextWord(rest)
		if !w.found {
			break
		}
		if t, ok := termOf(w); ok {
			f.terms = append(f.terms, t)
		}
	}
	return f
}

// word is a word without its quotes.
type word struct {
	found bool
	text  string
	plain int // number of bytes before the first quote
}

// nextWord returns the first word of a search and the rest. A quote that is not closed ends with the
// search: the user is probably still typing it.
func nextWord(s string) (w word, rest string) {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if s == "" {
		return word{}, ""
	}
	var (
		b      strings.Builder
		quoted bool
		end    = len(s)
	)
	w = word{found: true, plain: -1}
	for i, r := range s {
		if r == '"' {
			if w.plain < 0 {
				w.plain = b.Len()
			}
			quoted = !quoted
			continue
		}
		if !quoted && unicode.IsSpace(r) {
			end = i
			break
		}
		b.WriteString(s[i:min(len(s), i+runeLen(s[i:]))])
	}
	w.text = b.String()
	if w.plain < 0 {
		w.plain = len(w.text)
	}
	return w, s[end:]
}

// runeLen returns the length of the first rune of s in bytes: 1 if it is invalid.
func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// termOf returns the term for a word. It reports false if the word is empty or an incomplete term.
func termOf(w word) (t term, ok bool) {
	text, plain := w.text, w.plain
	if plain > 0 && text[0] == '-' {
		t.not, text, plain = true, text[1:], plain-1
	}
	if value, ok := strings.CutPrefix(text, "type:"); ok && plain >= len("type:") {
		t.kind, t.text = termType, newNeedle(value)
		return t, value != ""
	}
	if i := strings.IndexByte(text, '='); i >= 0 && i < plain {
		t.kind, t.label, t.text = termLabel, newNeedle(text[:i]), newNeedle(text[i+1:])
		return t, true
	}
	t.text = newNeedle(text)
	return t, text != ""
}

// Ranks of a term's match with a family; lower is better.
const (
	rankExact = iota
	rankPrefix
	rankName
	rankHelp
	rankLabels
)

// verdict is the result of matching all terms with a family, but not with its series.
type verdict struct {
	out  bool   // whether the family does not match, regardless of its series
	rank int    // sum of the terms' ranks
	open uint32 // a bit for each term that the series must decide
}

// family returns the verdict on a family.
func (f *filter) family(family *store.Family) (v verdict) {
	for i := range f.terms {
		t := &f.terms[i]
		rank, matches := t.family(family)
		switch {
		case matches && t.not:
			return verdict{out: true}
		case matches:
			v.rank += rank
		case t.kind == termType && !t.not:
			return verdict{out: true}
		case t.kind == termType:
		default:
			v.open |= 1 << i
			if !t.not {
				v.rank += rankLabels
			}
		}
	}
	return v
}

// series reports whether a series satisfies all open terms.
func (f *filter) series(s *store.Series, open uint32) bool {
	for i := range f.terms {
		if open&(1<<i) != 0 && f.terms[i].series(s) == f.terms[i].not {
			return false
		}
	}
	return true
}

// positive reports whether one of the open terms needs a series that it matches.
func (f *filter) positive(open uint32) bool {
	for i := range f.terms {
		if open&(1<<i) != 0 && !f.terms[i].not {
			return true
		}
	}
	return false
}

// family reports whether a term matches a family without its series, and how well.
func (t *term) family(family *store.Family) (rank int, ok bool) {
	switch t.kind {
	case termText:
		switch {
		case t.text.isPrefixOf(family.Name):
			if len(t.text.text) == len(family.Name) {
				return rankExact, true
			}
			return rankPrefix, true
		case t.text.in(family.Name):
			return rankName, true
		}
		return rankHelp, t.text.in(family.Help)
	case termType:
		return 0, isType(family.Type, t.text.text)
	default:
		return 0, false
	}
}

// series reports whether a term that does not match the family matches a series.
func (t *term) series(s *store.Series) bool {
	for i := range s.Labels {
		l := &s.Labels[i]
		switch t.kind {
		case termText:
			if t.text.in(l.Value) || t.text.in(l.Name) {
				return true
			}
		case termLabel:
			if t.label.in(l.Name) && t.text.in(l.Value) {
				return true
			}
		}
	}
	return false
}
