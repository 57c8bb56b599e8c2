package model

import (
	"cmp"
	"math/bits"
	"strings"

	"github.com/luxfi/metric/internal/words"
)

// CompareSameNames is a faster [CompareLabels] for two label sets that have the same names, and
// therefore the same text between their values. It is several times faster.
//
// The first byte where the renderings differ lies in the values of the same label, and everything
// before it is equal. If the byte before it is not a backslash, the differing byte is not the second
// byte of an escape sequence. A quote then ends the value, which is the smaller one because it is a
// prefix of the other. Any other byte except a backslash stands for itself, and compares as it does in
// the unescaped values. If an escape sequence may be involved, the function compares the unescaped
// values.
func CompareSameNames(a, b Labels) int {
	s, t := a.Text(), b.Text()
	i := CommonPrefix(s, t)
	if i == len(s) || i == len(t) {
		return CompareLabels(a, b) // The sets are equal: no rendering is a prefix of another.
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

// CommonPrefix returns the length in bytes of the longest common prefix of s and t.
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

// Names holds the names of a label set as they appear in its rendering: the text before each value.
// Each element except the first begins with the quote that ends the previous value: code=" and
// ",method=".
type Names []string

// AppendNames appends the names of l to names. The appended strings share memory with l.
func (l Labels) AppendNames(names Names) Names {
	start := 0 // start of the name
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

// Has reports whether l has exactly these names. Comparing with Names instead of walking over two label
// sets makes sorting 1,000 series an eighth faster.
func (names Names) Has(l Labels) bool {
	rest := l.text
	for _, name := range names {
		if !strings.HasPrefix(rest, name) {
			return false
		}
		rest = rest[closingQuote(rest, len(name)):]
	}
	return len(rest) == min(len(names), 1) // If there are labels, the last quote remains.
}
