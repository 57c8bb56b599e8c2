package model

import (
	"cmp"
	"math/bits"
	"strings"

	"github.com/luxfi/metric/internal/words"
)

// CompareSameNames is CompareLabels, several times faster, for two label sets that have
// the same names, and so the same text between the values.
//
// The first byte where the renderings differ then lies in the values of the same
// label, and what comes before it is the same. If the byte before is no
// backslash, this is not the second byte of an escape sequence; so a quote there
// ends the value, which makes it the smaller one, being the beginning of the
// other. Any other byte but a backslash stands for itself, and decides like it
// would in the values. Where an escape sequence may be involved, the values
// themselves are compared.
func CompareSameNames(a, b Labels) int {
	s, t := a.Text(), b.Text()
	i := CommonPrefix(s, t)
	if i == len(s) || i == len(t) {
		return CompareLabels(a, b) // Equal: no rendering is the beginning of another.
	}
	x, y := s[i], t[i]
	switch {
	case x == '\\', y == '\\', i > 0 && s[i-1] == '\\':
		return CompareLabels(a, b)
	case x == '"':
		return -1
	case y == '"':
		return +1
	default:
		return cmp.Compare(x, y)
	}
}

// CommonPrefix returns how many bytes at the beginning of s and t are the same.
func CommonPrefix(s, t string) int {
	n := min(len(s), len(t))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := words.Load8(s[i:]) ^ words.Load8(t[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n && s[i] == t[i]; i++ {
	}
	return i
}

// Names are the names of a label set, as in the text before each of its values, each but
// the first with the quote that ends the value before: code=" and ",method=".
type Names []string

// AppendNames appends the names of l to names, which share memory with it.
func (l Labels) AppendNames(names Names) Names {
	start := 0 // Of the name.
	for rest := l.text; rest != "" && rest != `"`; start = len(`",`) {
		if rest[start] == '"' {
			start = closingQuote(rest, start+1)
		}
		start += strings.IndexByte(rest[start:], '=') + len(`="`)
		names = append(names, rest[:start])
		rest = rest[closingQuote(rest, start):]
	}
	return names
}

// Has reports whether l has these names, and no others. Sorting 1,000 series takes an eighth
// less than with a walk over the labels of two sets.
func (names Names) Has(l Labels) bool {
	rest := l.text
	for _, name := range names {
		if !strings.HasPrefix(rest, name) {
			return false
		}
		rest = rest[closingQuote(rest, len(name)):]
	}
	return len(rest) == min(len(names), 1) // The last quote, if there are labels.
}
