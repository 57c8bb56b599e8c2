package parse

import (
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/words"
)

// quotedName reads a name in quotes, and reports whether [model.AppendEscaped] would escape it in the
// same way.
func (l *lexer) quotedName(pos int) (name string, canonical bool, end int, err error) {
	start := pos + 1
	end, canonical, ok := l.quotedEnd(start)
	if !ok {
		return "", false, 0, l.errorAt(pos, "a name has no closing quote in its line, or is not UTF-8: %s", l.rest(pos))
	}
	return unescape(l.text[start:end], !canonical), canonical, end + 1, nil
}

// quotedEnd returns the position of the quote that ends a string that begins at pos, and reports
// whether [model.AppendEscaped] would escape the string in the same way. ok is false if there is no
// such quote on the line, or if the string is not UTF-8.
func (l *lexer) quotedEnd(pos int) (end int, canonical, ok bool) {
	end = plainEnd(l.text, pos)
	if l.text[end] == '"' {
		return end, true, true
	}
	canonical = true
	for {
		switch l.text[end] {
		case '"':
			return end, canonical, utf8.ValidString(l.text[pos:end])
		case '\n':
			return 0, false, false
		case '\\':
			end++
			switch l.text[end] {
			case '\n':
				return 0, false, false
			case '\\', '"', 'n':
			default:
				canonical = false
			}
		}
		end++
	}
}

// plainEnd returns the first position at or after pos of a byte that is not ASCII, or is escaped in
// strings, or ends them. There must be one.
func plainEnd(text string, pos int) int {
	for ; pos+8 <= len(text); pos += 8 {
		if special := model.SpecialIn(words.Load8(text[pos:])); special != 0 {
			return pos + special.First()
		}
	}
	for {
		switch c := text[pos]; {
		case c == '"', c == '\\', c == '\n', c >= utf8.RuneSelf:
			return pos
		}
		pos++
	}
}

func isNameByte(c byte) bool { return nameBytes[c] }

// nameBytes contains the bytes of legacy label names.
var nameBytes = func() (is [256]bool) {
	for c := range 256 {
		b := byte(c)
		is[c] = 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_'
	}
	return is
}()

// unescape reverts escaping. odd states that s contains invalid escape sequences, which stand for
// themselves.
func unescape(s string, odd bool) string {
	if !odd {
		return model.Unescape(s)
	}
	return string(appendUnescaped(nil, s))
}

// appendUnescaped is unescape for an odd string.
func appendUnescaped(buf []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case 'n':
				buf = append(buf, '\n')
				i++
				continue
			case '\\', '"':
				i++
			}
		}
		buf = append(buf, s[i])
	}
	return buf
}
