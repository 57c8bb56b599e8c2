package model

import (
	"cmp"
	"strings"
	"unsafe"

	"github.com/luxfi/metric/internal/order"
	"github.com/luxfi/metric/internal/words"
)

// Layout says how the label sets of a vector's series are rendered. Their names
// and their constant labels are the same for all of them, so a rendering is a
// row of literals with one value between each two:
//
//	code="  200  ",env="prod",method="  GET  "
//
// A Layout is immutable and safe for concurrent use.
type Layout struct {
	names  []string
	head   string // What comes before the first value: everything if there is none.
	slots  []slot // Where the values go, in the order of the rendering.
	size   int    // Of all literals together, in bytes.
	quoted bool   // Some name is in quotes.
}

// slot is the place of one value.
type slot struct {
	index int    // Of the value, in the order of Layout.names.
	after string // The literal that follows the value; it begins with the closing quote.
}

// NewLayout returns the layout of label sets with these constant labels and a
// value for each of names. Both may come in any order. All names must be valid
// and different, and the constant values UTF-8: this is not checked again. The
// slices and strings are copied.
func NewLayout(constant []Label, names []string) *Layout {
	type part struct {
		Label
		index int // Of a variable label; -1 for a constant one.
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

// endLiteral puts a literal behind what there is so far.
func (l *Layout) endLiteral(literal []byte) {
	l.size += len(literal)
	if len(l.slots) == 0 {
		l.head = string(literal)
	} else {
		l.slots[len(l.slots)-1].after = string(literal)
	}
}

// Names returns the names of the variable labels, in the order in which values
// are given. The slice is read-only.
func (l *Layout) Names() []string { return l.names }

// Quoted reports whether some name is rendered in quotes.
func (l *Layout) Quoted() bool { return l.quoted }

// Size returns the length of the rendering of these values, one for each of Names, and
// whether one of them needs escaping.
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

// Append appends the rendering of these values.
func (l *Layout) Append(buf []byte, values []string) []byte {
	buf = append(buf, l.head...)
	for i := range l.slots {
		s := &l.slots[i]
		buf = AppendEscaped(buf, values[s.index])
		buf = append(buf, s.after...)
	}
	return buf
}

// Render returns the label set with these values, one for each of Names. It
// copies them.
func (l *Layout) Render(values []string) Labels {
	if len(l.slots) == 0 {
		return Labels{text: l.head, quoted: l.quoted}
	}
	size, _ := l.Size(values)
	buf := l.Append(make([]byte, 0, size), values)
	// Nobody else has buf, so it can become the string without another copy.
	return Labels{text: unsafe.String(unsafe.SliceData(buf), len(buf)), quoted: l.quoted}
}

// Match reports whether text, which this layout has rendered, is the rendering
// of values, one for each of Names. It compares in place, without rendering. Escaped
// is what Size has told of the values that the text was rendered from.
//
// If none of these needed escaping, there are no quotes in them. Comparing each value at
// the place where the values before it leave off, with the closing quote behind it, then
// decides exactly, as long as there are no quotes in values either, and the literals need
// not be compared: a value that is longer than the one in the text would contain the
// quote behind that, and one that is shorter would have to be followed by a quote. What
// needs escaping for other reasons differs from the text by itself.
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

		// Eight bytes at a time, the last of them by overlapping loads. This is
		// as fast as comparing strings, and there is no call in the loop.
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

// matchEscaped is Match for values of which some need escaping.
//
// Escaping replaces each byte by a code of one or two bytes (\\, \" and \n are the long
// ones), no code is the beginning of another, and a bare quote is none of them: it ends
// the value. Suppose that a value of the text begins at pos. If the codes of v and a quote
// stand there, then reading the text code by code gives v and the end, so v is the value;
// if they do not, it is not. In the first case the next value begins behind the quote and
// the literal, in both.
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

// Values returns the values of labels that this layout has rendered, in the
// order of Names and unescaped. They may share memory with labels.
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

// escapedLen returns the length of s when it is escaped.
func escapedLen(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '\\' || c == '"' || c == '\n' {
			n++
		}
	}
	return n
}

// escapedEnd returns where value, escaped, ends in text if it stands there at
// pos with a closing quote behind it, and a negative number if it does not.
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
