package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxScanned is how much of a text is searched, in bytes.
const maxScanned = 4 << 10

// needle is a text to search for, ignoring case.
type needle struct {
	text  string // in lower case
	ascii bool
}

func newNeedle(s string) needle {
	s = strings.ToLower(strings.ToValidUTF8(s, "\uFFFD"))
	return needle{s, !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })}
}

// in reports whether s contains the needle. It does not allocate, because a search examines many texts.
func (n *needle) in(s string) bool {
	if len(n.text) == 0 {
		return true
	}
	if len(s) > maxScanned {
		s = s[:maxScanned]
	}
	first := n.text[0]
	for i := range len(s) {
		// An ASCII character only folds to its own lower case.
		if lower[s[i]] != first && (n.ascii || !isStart(s[i])) {
			continue
		}
		if n.isPrefixOf(s[i:]) {
			return true
		}
	}
	return false
}

// isStart reports whether the byte begins a non-ASCII rune.
func isStart(b byte) bool { return b >= utf8.RuneSelf && utf8.RuneStart(b) }

// isPrefixOf reports whether s begins with the needle.
func (n *needle) isPrefixOf(s string) bool {
	if n.ascii {
		if len(s) < len(n.text) {
			return false
		}
		for i := range len(n.text) {
			if lower[s[i]] != n.text[i] {
				return false
			}
		}
		return true
	}
	for _, want := range n.text {
		r, size := utf8.DecodeRuneInString(s)
		if size == 0 || unicode.ToLower(r) != want {
			return false
		}
		s = s[size:]
	}
	return true
}

// lower maps ASCII letters to lower case, and other bytes to themselves.
var lower = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			table[i] += 'a' - 'A'
		}
	}
	return table
}()
