package staleness

import (
	"encoding/binary"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// list holds the series of one family in the order of a push. No two of them have the same labels.
//
// An entry consists of
//
//	uvarint  number of bytes that the text shares with the previous text
//	uvarint  number of bytes that follow
//	bytes    the rest of the text, see model.Labels.Text
//	uvarint  the mark
//
// The data of a committed list does not change until the memory is used for another list.
type list struct {
	data       []byte
	n          int  // number of entries
	disordered bool // The texts are not known to be in the order of compareFrom.
}

// mark is the information in a list about a series in addition to its labels: the shape, and whether
// the labels are quoted. The zero mark stands for a missing series.
type mark uint32

func newMark(id shapeID, quoted bool) mark {
	m := mark(id) << 1
	if quoted {
		m |= 1
	}
	return m
}

func (m mark) shape() shapeID { return shapeID(m >> 1) }
func (m mark) quoted() bool   { return m&1 != 0 }

// cursor iterates over the entries of a list. It starts before the first one.
type cursor struct {
	data []byte
	pos  int // start of the entry after the current one
	n    int // number of entries up to the current one

	// The current entry.
	text []byte
	mark mark
}

// next moves to the next entry and reports whether there is one.
func (c *cursor) next() bool {
	if c.pos == len(c.data) {
		return false
	}
	shared, size := int(c.uvarint()), int(c.uvarint())
	c.text = append(c.text[:shared], c.data[c.pos:c.pos+size]...)
	c.pos += size
	c.mark = mark(c.uvarint())
	c.n++
	return true
}

// uvarint reads and returns the number at pos.
func (c *cursor) uvarint() uint64 {
	if b := c.data[c.pos]; b < 0x80 {
		c.pos++
		return uint64(b)
	}
	v, n := binary.Uvarint(c.data[c.pos:])
	c.pos += n
	return v
}

// peeked is an entry that a cursor has not moved to yet.
type peeked struct {
	shared int // number of bytes that its text shares with the current one
	end    int // start of the entry after it
	mark   mark
}

// peek reports whether there is a next entry with the given text, without moving to it. It compares the
// text in place: the shared part with the current entry, the rest with the data.
func (c *cursor) peek(text string) (peeked, bool) {
	if c.pos == len(c.data) {
		return peeked{}, false
	}
	// Entries end with a mark, so there are at least three bytes.
	shared, size, pos := int(c.data[c.pos]), int(c.data[c.pos+1]), c.pos+2
	if shared|size >= 0x80 {
		ahead := cursor{data: c.data, pos: c.pos}
		shared, size = int(ahead.uvarint()), int(ahead.uvarint())
		pos = ahead.pos
	}
	if shared+size != len(text) ||
		string(c.data[pos:pos+size]) != text[shared:] ||
		string(c.text[:shared]) != text[:shared] {
		return peeked{}, false
	}
	p := peeked{shared: shared, end: pos + size + 1, mark: mark(c.data[pos+size])}
	if p.mark >= 0x80 {
		ahead := cursor{data: c.data, pos: pos + size}
		p.mark = mark(ahead.uvarint())
		p.end = ahead.pos
	}
	return p, true
}

// take moves to the entry that peek has returned for text.
func (c *cursor) take(p peeked, text string) {
	c.text = append(c.text[:p.shared], text[p.shared:]...)
	c.pos, c.mark = p.end, p.mark
	c.n++
}

// labels returns the labels of the current entry. They are valid until the cursor moves.
func (c *cursor) labels() model.Labels { return model.VolatileLabels(c.text, c.mark.quoted()) }

// builder writes a list.
type builder struct {
	list
	text []byte // text of the last entry
}

// compare compares text with the text of the last entry, as compareFrom does. It also returns the
// number of bytes that they share. Any text comes after an empty list.
func (b *builder) compare(text string) (shared, order int) {
	if b.n == 0 {
		return 0, +1
	}
	last := view(b.text)
	shared = model.CommonPrefix(last, text)
	return shared, compareFrom(shared, text, last)
}

// add appends an entry.
func (b *builder) add(text string, m mark) {
	shared, order := b.compare(text)
	b.data = binary.AppendUvarint(b.data, uint64(shared))
	b.data = binary.AppendUvarint(b.data, uint64(len(text)-shared))
	b.data = append(b.data, text[shared:]...)
	b.data = binary.AppendUvarint(b.data, uint64(m))
	b.text = append(b.text[:shared], text[shared:]...)
	b.disordered = b.disordered || order < 0
	b.n++
}

// restart empties b and makes it write to the memory of data.
func (b *builder) restart(data []byte) {
	b.list = list{data: data[:0]}
	b.text = b.text[:0]
}

// compareText orders texts byte by byte, with the quote as the smallest of all bytes. For label sets
// with the same names this is the order of [model.CompareLabels], except where quotes or newlines are
// escaped. Unlike that order it is a total order for all texts, and fast. Series in another order only
// cost more.
func compareText(a, b string) int { return compareFrom(model.CommonPrefix(a, b), a, b) }

// compareFrom is compareText for texts whose longest common prefix has i bytes.
func compareFrom(i int, a, b string) int {
	switch {
	case i == len(a) && i == len(b):
		return 0
	case i == len(a):
		return -1
	case i == len(b):
		return +1
	case a[i] == '"':
		return -1
	case b[i] == '"':
		return +1
	case a[i] < b[i]:
		return -1
	default:
		return +1
	}
}

// view returns b as a string that shares its memory.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
