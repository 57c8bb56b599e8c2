// Package printable makes untrusted texts safe to display.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns text in a form in which nothing acts on a terminal, reorders the surrounding text or is
// invisible. Control characters, escape sequences, bidirectional overrides, zero-width characters and
// unusual spaces are written as Go escape sequences, for example \x1b or \u202e. Invalid UTF-8 becomes
// U+FFFD. Line feeds and tabs are kept.
func Text(text string) string {
	if isPrintable(text) {
		return text
	}
	var b []byte
	for _, r := range text { // Ranging yields U+FFFD for invalid UTF-8.
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

// showsItself reports whether r is visible and has no other effect. Letters that are blank by
// definition are printable for package unicode, but not for a reader.
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

// appendPrintable appends r or its escape sequence.
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
