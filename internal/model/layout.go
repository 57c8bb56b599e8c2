package model

import (
	"cmp"
	"strings"
	"unsafe"

	"github.com/luxfi/metric/internal/order"
	"github.com/luxfi/metric/internal/words"
)

// Layout describes the rendering of the label sets of a vector's series. All series share the names and
// the constant labels, so a rendering is a sequence of literals with one value between each two:
//
//	code="  200  ",env="prod",method="  GET  "
//
// A Layout is immutable and safe for concurrent use.
type Layout struct {
	names  []string
	head   string // text before the first value; the whole text if there are no values
	slots  []slot // places of the values, in the order of the rendering
	size   int    // length of all literals, in bytes
	quoted bool   // at least one name is in quotes
}

// slot is the place of one value.
type slot struct {
	index int    // index of the value in Layout.names
	after string // literal that follows the value; it begins with the closing quote
}

// NewLayout returns the layout of label sets with the given constant labels and a value for each of
// names. Both may be in any order. All names must be valid and distinct, and the constant values must
// be UTF-8; NewLayout does not check this again. It copies the slices and strings.
func NewLayout(constant []Label, names []string) *Layout {
	type part struct {
		Label
		index int // index of a variable label; -1 for a constant one
	}
	parts := make([]part, 0, len(constant)+len(names))
	for _, label := range constant {
		parts = append(parts, part{label, -1})
	}
	for i, name := range names {
		parts = append(parts, part{Label{Name: name}, i})
	}
	order.By(parts, func(a, b part) int { return cmp.Compare(a.Name, b.Name) })

	l := &Layout{slots: make([]slot, 0, len(names))}
	var literal []byte
	for i, p := range parts {
		if i > 0 {
			literal = append(literal, ',')
		}
		var inQuotes bool
		literal, inQuotes = appendNameOf(literal, p.Name)
		l.quoted = l.quoted || inQuotes
		if p.index < 0 {
			literal = AppendEscaped(literal, p.Value)
		} else {
			l.endLiteral(literal)
			l.slots = append(l.slots, slot{index: p.index})
			literal = literal[:0]
		}
		literal = append(literal, '"')
	}
	l.endLiteral(literal)

	l.names = make([]string, len(names))
	for i, name := range names {
		l.names[i] = strings.Clone(name)
	}
	return l
}

// endLiteral appends a literal after the existing slots.
func (l *Layout) endLiteral(literal []byte) {
	l.size += len(literal)
	if len(l.slots) == 0 {
		l.head = string(literal)
	} else {
		l.slots[len(l.slots)-1].after = string(literal)
	}
}

// Names returns the names of the variable labels, in the order in which callers pass the values. The
// caller must not modify the slice.
func (l *Layout) Names() []string { return l.names }

// Quoted reports whether the rendering contains a name in quotes.
func (l *Layout) Quoted() bool { return l.quoted }

// Size returns the length of the rendering of values, one for each of Names, and reports whether one of
// them needs escaping.
func (l *Layout) Size(values []string) (size int, escaped bool) {
	size = l.size
	for i := range l.slots {
		value := values[l.slots[i].index]
		n := escapedLen(value)
		size += n
		escaped = escaped || n > len(value)
	}
	return size, escaped
}

// Append appends the rendering of values, one for each of Names, to buf.
func (l *Layout) Append(buf []byte, values []string) []byte {
	buf = append(buf, l.head...)
	for i := range l.slots {
		s := &l.slots[i]
		buf = AppendEscaped(buf, values[s.index])
		buf = append(buf, s.after...)
	}
	return buf
}

// Render returns the label set with the given values, one for each of Names. It copies them.
func (l *Layout) Render(values []string) Labels {
	if len(l.slots) == 0 {
		return Labels{text: l.head, quoted: l.quoted}
	}
	size, _ := l.Size(values)
	buf := l.Append(make([]byte, 0, size), values)
	// Nothing else refers to buf, so it can become the string without another copy.
	return Labels{text: unsafe.String(unsafe.SliceData(buf), len(buf)), quoted: l.quoted}
}

// Match reports whether text, which this layout has rendered, is the rendering of values, one for each
// of Names. It compares in place, without rendering. escaped is the result of [Layout.Size] for the
// values from which text was rendered.
//
// If escaped is false, the values in text contain no quotes. Comparing each value at the place where
// the previous values end, followed by the closing quote, is then exact if the given values contain no
// quotes either, and the literals need not be compared. A given value that is longer than the one in
// the text would contain the closing quote. A shorter one would need a quote after it. A value
// that needs escaping for other reasons differs from the text anyway.
func (l *Layout) Match(text string, escaped bool, values []string) bool {
	if escaped {
		return l.matchEscaped(text, values)
	}
	pos := len(l.head)
	quotes := uint64(0)
	for i := range l.slots {
		s := &l.slots[i]
		value := values[s.index]
		n := len(value)
		end := pos + n
		if end >= len(text) || text[end] != '"' {
			return false
		}
		part := text[pos:end]
		pos = end + len(s.after)

		// The loop compares eight bytes at a time, the last of them with overlapping loads. It is as
		// fast as comparing strings, but contains no call.
		var v, p uint64
		switch {
		case n >= 8:
			for i := 0; i < n-8; i += 8 {
				v, p = words.Load8(value[i:]), words.Load8(part[i:])
				if v != p {
					return false
				}
				quotes |= quotesIn(v)
			}
			v, p = words.Load8(value[n-8:]), words.Load8(part[n-8:])
		case n >= 4:
			v, p = words.Load4(value)|words.Load4(value[n-4:])<<32, words.Load4(part)|words.Load4(part[n-4:])<<32
		case n > 0:
			v, p = words.Load3(value), words.Load3(part)
		}
		if v != p {
			return false
		}
		quotes |= quotesIn(v)
	}
	return quotes&highBits == 0
}

// matchEscaped is [Layout.Match] for values of which some need escaping.
//
// Escaping replaces each byte by a code of one or two bytes; the long codes are \\, \" and \n. No code
// is a prefix of another, and a bare quote is not a code: it ends the value. Suppose that a value of
// the text begins at pos. If the codes of v and a quote follow there, then reading the text code by
// code gives v and the end, so v is the value. Otherwise v is not the value. In the first case, the
// next value begins after the quote and the literal, both in the text and in this function.
func (l *Layout) matchEscaped(text string, values []string) bool {
	pos := len(l.head)
	for i := range l.slots {
		s := &l.slots[i]
		end := escapedEnd(text, pos, values[s.index])
		if end < 0 {
			return false
		}
		pos = end + len(s.after)
	}
	return true
}

// Values returns the unescaped values of labels, which this layout must have rendered, in the order of
// Names. They may share memory with labels.
func (l *Layout) Values(labels Labels) []string {
	if len(l.slots) == 0 {
		return nil
	}
	values := make([]string, len(l.slots))
	pos := len(l.head)
	for i := range l.slots {
		s := &l.slots[i]
		end := closingQuote(labels.text, pos)
		values[s.index] = Unescape(labels.text[pos:end])
		pos = end + len(s.after)
	}
	return values
}

// escapedLen returns the length of s after escaping.
func escapedLen(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '\\' || c == '"' || c == '\n' {
			n++
		}
	}
	return n
}

// escapedEnd returns the end of value in text if the escaped value begins at pos and a closing quote
// follows. Otherwise it returns a negative number.
func escapedEnd(text string, pos int, value string) int {
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' || c == '"' || c == '\n' {
			if pos >= len(text) || text[pos] != '\\' {
				return -1
			}
			pos++
			if c == '\n' {
				c = 'n'
			}
		}
		if pos >= len(text) || text[pos] != c {
			return -1
		}
		pos++
	}
	if pos >= len(text) || text[pos] != '"' {
		return -1
	}
	return pos
}
