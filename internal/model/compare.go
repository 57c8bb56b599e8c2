package model

import (
	"cmp"
	"math/bits"
	"strings"
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
		if x := load8(s[i:]) ^ load8(t[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n && s[i] == t[i]; i++ {
	}
	return i
}

// SameNames tells whether two label sets have the same names.
func SameNames(a, b Labels) bool {
	s, t := a.Text(), b.Text()
	for s != "" && t != "" {
		start := nameLength(s) + len(`="`)
		if len(t) < start || s[:start] != t[:start] {
			return false
		}
		s, t = afterValue(s, start), afterValue(t, start)
	}
	return s == t
}

// nameLength returns the length of the name that s begins with, in its quotes if it has
// some.
func nameLength(s string) int {
	if s[0] == '"' {
		return closingQuote(s, 1) + 1
	}
	return strings.IndexByte(s, '=')
}

// afterValue returns what follows the value that begins at start, and the comma.
func afterValue(s string, start int) string {
	end := closingQuote(s, start) + 1
	return s[min(end+1, len(s)):]
}
