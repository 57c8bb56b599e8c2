package encode

import (
	"math"

	"github.com/luxfi/metric/internal/model"
)

// sampleName is the name of a family's samples, ready to be copied to the line of
// each. A name that is not a legacy name stands in the braces, in quotes.
type sampleName struct {
	bare []byte // Without labels: `name ` or `{"name"} `.
	open []byte // With labels to follow: `name{` or `{"name",`.
}

func (n *sampleName) set(name, suffix string, legacy bool) {
	n.open = n.open[:0]
	if legacy {
		n.open = append(n.open, name...)
		n.open = append(n.open, suffix...)
		n.bare = append(n.bare[:0], n.open...)
		n.bare = append(n.bare, ' ')
		n.open = append(n.open, '{')
		return
	}
	n.open = append(n.open, '{', '"')
	n.open = model.AppendEscaped(n.open, name)
	n.open = append(n.open, suffix...)
	n.open = append(n.open, '"')
	n.bare = append(n.bare[:0], n.open...)
	n.bare = append(n.bare, '}', ' ')
	n.open = append(n.open, ',')
}

// appendSeries appends everything that stands in front of a sample's value.
func (n *sampleName) appendSeries(buf []byte, labels string) []byte {
	if labels == "" {
		return append(buf, n.bare...)
	}
	buf = append(buf, n.open...)
	buf = append(buf, labels...)
	return append(buf, '}', ' ')
}

// appendOpen appends everything up to where another label is to follow.
func (n *sampleName) appendOpen(buf []byte, labels string) []byte {
	buf = append(buf, n.open...)
	if labels == "" {
		return buf
	}
	buf = append(buf, labels...)
	return append(buf, ',')
}

// boundCache holds the le or quantile labels of the previous point. The next one
// mostly has the same, and to format a float takes longer than all the rest of
// its line.
type boundCache struct {
	label string   // Up to the value: `le="`.
	bits  []uint64 // The bounds that are cached.
	texts []byte   // For each of them, `le="0.5"} `.
	ends  []int    // Text i of texts is from ends[i] to ends[i+1].
}

func (c *boundCache) open(label string) {
	c.label = label
	c.ends = append(c.ends[:0], 0)
}

func (c *boundCache) reset() {
	if cap(c.texts) > maxKept {
		*c = boundCache{}
	}
	c.bits, c.texts = c.bits[:0], c.texts[:0]
}

// text returns how label i of a point ends its braces. The labels of a point are
// asked for one after the other.
func (c *boundCache) text(i int, bound float64, d dialect) []byte {
	bits := math.Float64bits(bound)
	if i >= len(c.bits) || c.bits[i] != bits {
		c.bits = append(c.bits[:i], bits)
		c.texts = append(c.texts[:c.ends[i]], c.label...)
		c.texts = d.appendFloat(c.texts, bound)
		c.texts = append(c.texts, `"} `...)
		c.ends = append(c.ends[:i+1], len(c.texts))
	}
	return c.texts[c.ends[i]:c.ends[i+1]]
}
