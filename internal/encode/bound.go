package encode

import (
	"math"
	"slices"
	"unsafe"
)

// boundCache holds the formatted bounds or quantiles of the previous point. The next point usually has
// the same ones, and formatting a float takes longer than the rest of its line.
type boundCache struct {
	before string // text before the float: `le="`
	after  string // text after the float: `"} `
	first  bool   // The first text begins with the float itself.
	texts  []boundText
	bounds []float64 // bounds for which all has filled texts, or nil
	text   []byte    // buffer for one text
}

// boundText is a bound with the surrounding text, up to the end of the braces of a line: `le="0.5"} `.
type boundText struct {
	bits uint64 // bits of the bound
	// The text in pieces that are copied without a call. A float takes at most 24 bytes, and
	// quantile="…"} takes another 13.
	head [16]byte
	tail [maxBoundText - 16]byte
	len  int
}

const maxBoundText = 40

// maxKeptBounds is the number of texts that are kept for the next exposition.
const maxKeptBounds = 4096

func (c *boundCache) open(before, after string) { c.before, c.after = before, after }

func (c *boundCache) reset() {
	if cap(c.texts) > maxKeptBounds {
		c.texts = nil
	}
	c.texts, c.bounds = c.texts[:0], nil
}

// at returns the text of bound i of a point. Callers must ask for the bounds in ascending order.
func (c *boundCache) at(i int, bound float64, d dialect) *boundText {
	bits := math.Float64bits(bound)
	if i < len(c.texts) && c.texts[i].bits == bits {
		return &c.texts[i]
	}
	c.bounds = nil
	c.text = c.text[:0]
	if i > 0 || !c.first {
		c.text = append(c.text, c.before...)
	}
	c.text = d.appendFloat(c.text, bound)
	c.text = append(c.text, c.after...)
	t := boundText{bits: bits, len: len(c.text)}
	copy(t.tail[:], c.text[copy(t.head[:], c.text):])
	c.texts = append(c.texts[:i], t)
	return &c.texts[i]
}

// all returns the texts of bounds and of +Inf. The caller must not change bounds afterwards.
func (c *boundCache) all(bounds []float64, d dialect) []boundText {
	if len(c.bounds) != len(bounds) || len(bounds) == 0 || &c.bounds[0] != &bounds[0] {
		for i, bound := range bounds {
			c.at(i, bound, d)
		}
		c.at(len(bounds), math.Inf(+1), d)
		c.bounds = bounds
	}
	return c.texts[:len(bounds)+1]
}

// append appends the text to buf.
func (t *boundText) append(buf []byte) []byte {
	buf = slices.Grow(buf, maxBoundText)
	return buf[:len(buf)+t.put(unsafe.Add(unsafe.Pointer(unsafe.SliceData(buf)), len(buf)))]
}

// put writes the text, padded with arbitrary bytes up to maxBoundText, and returns the length of the
// text.
func (t *boundText) put(to unsafe.Pointer) int {
	*(*[len(t.head)]byte)(to) = t.head
	if t.len > len(t.head) {
		*(*[len(t.tail)]byte)(unsafe.Add(to, len(t.head))) = t.tail
	}
	return t.len
}
