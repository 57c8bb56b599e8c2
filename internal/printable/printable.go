// Package printable makes texts of strangers fit to be shown.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns text in which nothing acts on a terminal, reorders what stands around it
// or is invisible: control characters, escape sequences, bidirectional overrides, zero
// width characters and unusual spaces are written as escape sequences of Go, for example \x1b or
// \u202e. Invalid UTF-8 becomes U+FFFD. Line feeds and tabs are kept.
func Text(text string) string {
	if isPrintable(text) {
		return text
	}
	var b []byte
	for _, r := range text { // Invalid UTF-8 is ranged over as U+FFFD.
		b = appendPrintable(b, r)
	}
	return string(b)
}

func isPrintable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c != '\n' && c != '\t' && (c < ' ' || c == 0x7f) {
			return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !showsItself(r) })
		}
	}
	return true
}

// showsItself reports whether a reader sees r and nothing else happens. Letters that
// are blank by definition are printable to package unicode, but not to a reader.
func showsItself(r rune) bool {
	switch r {
	case '\n', '\t':
		return true
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f', '\u2800':
		return false
	default:
		return unicode.IsPrint(r)
	}
}

// appendPrintable appends r, or the escape sequence for it.
func appendPrintable(b []byte, r rune) []byte {
	if showsItself(r) {
		return utf8.AppendRune(b, r)
	}
	kind, digits := byte('u'), 4
	switch {
	case r < utf8.RuneSelf:
		kind, digits = 'x', 2
	case r > 0xffff:
		kind, digits = 'U', 8
	}
	b = append(b, '\\', kind)
	for digits--; digits >= 0; digits-- {
		b = append(b, "0123456789abcdef"[r>>(4*digits)&0xf])
	}
	return b
}
