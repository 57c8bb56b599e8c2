package parse

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// readParts reads the lines of a point.
func (c *textCursor) readParts(p *model.Point, s *model.Scratch) (ok bool, err error) {
	ok, err = c.peek()
	if err != nil {
		return false, err
	}
	if !ok {
		return false, nil
	}
	if c.isFaulty() {
		*p = model.Point{}
		c.lost = true
		c.fault, c.held, c.pos, c.head = c.lineFault, false, c.next, ""
		return true, nil
	}
	labels := c.labels
	if c.rendered {
		s.Text = append(s.Text[:0], c.buf...)
		labels = model.VolatileLabels(s.Text, labels.Quoted())
	}
	c.begin(p, s, labels)
	c.take(p, s)
	if !c.compound() {
		return true, nil
	}
	return true, c.readRest(p, s)
}

// isFaulty reports whether the held line cannot be used.
func (c *textCursor) isFaulty() bool { return c.lineFault != nil }

// begin makes p a point without a value.
func (c *textCursor) begin(p *model.Point, s *model.Scratch, labels model.Labels) {
	p.SetNumber(labels, 0)
	c.parts = parts{plain: true}
	switch c.typ {
	case model.Histogram, model.GaugeHistogram:
		resetHistogram(&s.Histogram)
		p.Histogram = &s.Histogram
	case model.Summary:
		s.Summary = model.SummaryValue{Quantiles: s.Summary.Quantiles[:0]}
		p.Summary = &s.Summary
	}
	if c.tail.hasTimestamp {
		p.TimestampMs, p.HasTimestamp = c.tail.timestampMs, true
	}
}

// take adds the held line to the point.
func (c *textCursor) take(p *model.Point, s *model.Scratch) {
	if c.role == value {
		c.head = ""
		if !c.rendered && c.line.plain && len(c.line.labels) > 0 && c.shape.special(value) == "" {
			c.head, c.quoted = c.text[c.pos:c.line.labelsPos], c.labels.Quoted()
			c.names = c.labels.AppendNames(c.names[:0])
		}
	}
	c.add(p, s, c.role, c.special)
	c.held, c.pos = false, c.next
}

// readRest reads the remaining lines of the point whose first line has been read.
func (c *textCursor) readRest(p *model.Point, s *model.Scratch) error {
	for {
		if exceeds(size(p), c.limits.Buckets) {
			return c.errorAt(c.pos, "%s", tooMany("too many buckets or quantiles in a series", c.limits.Buckets))
		}
		ok, err := c.addAlike(p, s)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		if c.pos >= c.end || c.typ == model.Counter && !c.held && !c.mayBeCreated() {
			return nil
		}
		ok, err = c.peek()
		if err != nil {
			return err
		}
		if !ok || c.isFaulty() || c.labels.Text() != p.Labels.Text() || !c.fits(p, c.role) {
			return nil
		}
		c.take(p, s)
	}
}

// size returns the number of buckets or quantiles of a point.
func size(p *model.Point) int {
	switch {
	case p.Histogram != nil:
		return p.Histogram.NumBuckets()
	case p.Summary != nil:
		return len(p.Summary.Quantiles)
	}
	return 0
}

// mayBeCreated reports whether the next line could hold a counter's start timestamp.
func (c *textCursor) mayBeCreated() bool {
	s := c.text[c.pos:]
	return s[0] == '{' || s[0] == '"' || strings.HasPrefix(s, c.base) && strings.HasPrefix(s[len(c.base):], "_created")
}

// addAlike adds the next line if it has the beginning of a line of this point.
func (c *textCursor) addAlike(p *model.Point, s *model.Scratch) (ok bool, err error) {
	if c.held || c.pos >= c.end {
		return false, nil
	}
	rest := c.text[c.pos:]
	var (
		r       role
		pos     int
		special string
	)
	if c.prefix != "" && strings.HasPrefix(rest, c.prefix) {
		r, pos = value, len(c.prefix)
		if c.typ != model.Summary {
			r = bucket
		}
		end := plainEnd(rest, pos)
		special = rest[pos:end]
		if pos = end; !strings.HasPrefix(rest[pos:], `"} `) {
			return false, nil
		}
		pos += len(`"} `)
	} else if r, pos = c.suffixed(rest, p.Labels.Text()); r == foreign {
		return false, nil
	}
	next, err := c.readTail(c.blanks(c.pos+pos), &c.tail)
	if err != nil {
		return false, err
	}
	if !c.fits(p, r) {
		return false, nil
	}
	c.add(p, s, r, special)
	c.pos = next
	return true, nil
}

// suffixed returns the role of the line at the beginning of s and the position of its value, if the
// line has a suffix and its labels are written like labels.
func (c *textCursor) suffixed(s, labels string) (r role, pos int) {
	if !strings.HasPrefix(s, c.base) {
		return foreign, 0
	}
	pos = len(c.base)
	switch {
	case strings.HasPrefix(s[pos:], "_sum"):
		r, pos = sum, pos+len("_sum")
	case strings.HasPrefix(s[pos:], "_count"):
		r, pos = count, pos+len("_count")
	case strings.HasPrefix(s[pos:], "_created"):
		r, pos = created, pos+len("_created")
	default:
		return foreign, 0
	}
	if c.typ == model.Counter && r != created || r == created && !c.hasCreated() {
		return foreign, 0
	}
	if labels == "" {
		if s[pos] != ' ' {
			return foreign, 0
		}
		return r, pos + 1
	}
	if s[pos] != '{' || !strings.HasPrefix(s[pos+1:], labels) {
		return foreign, 0
	}
	pos += 1 + len(labels)
	if !strings.HasPrefix(s[pos:], "} ") {
		return foreign, 0
	}
	return r, pos + len("} ")
}

// fits reports whether a line can be part of the point: it must have the same timestamp, and must not
// repeat a unique part. The tail of the line must have been read.
func (c *textCursor) fits(p *model.Point, r role) bool {
	t := &c.tail
	switch r {
	case created:
		return !c.parts.created
	case sum:
		if c.parts.sum {
			return false
		}
	case count:
		if c.parts.count {
			return false
		}
	case value:
		if c.typ != model.Summary && c.parts.value {
			return false
		}
	}
	return c.parts.onlyCreated(p) || t.hasTimestamp == p.HasTimestamp && (!t.hasTimestamp || t.timestampMs == p.TimestampMs)
}
