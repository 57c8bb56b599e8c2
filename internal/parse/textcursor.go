package parse

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// textCursor reads the points of a family from a block: consecutive lines with only blank lines and
// comments between them.
type textCursor struct {
	lexer
	shape
	start, pos int
	end        int // end of the block, or of the text while the first pass determines the block

	line      line // line read last
	held      bool // The line has not been used yet.
	role      role
	labels    model.Labels
	special   string // value of the special label
	rendered  bool   // The labels lie in buf.
	tail      tail
	next      int   // start of the following line
	lineFault error // reason why the line cannot be used
	buf       []byte
	sorted    []label

	// The beginning of the lines of the family's values, from one series to the next.
	head   string
	names  model.Names
	quoted bool
	// The beginning of the lines with the special label, from one line of a point to the next.
	prefix string

	parts   parts // parts of the current point
	numbers numbers
	bounds  boundsCache
	ex      exemplars

	raw   bool  // Points are not finished.
	fault error // reason why the point cannot be served; continues a sentence
	lost  bool  // Because of the fault, the identity of the point is unknown.
	alike bool  // The point has the label names of the previous one, and no empty values.
}

// parts records which unique parts of a point have been read.
type parts struct {
	value, sum, count, created bool
	plain                      bool // There are neither exemplars nor float counts.
}

// open makes c a cursor at the beginning of a block.
func (c *textCursor) open(l *lexer, s shape, start, end int) {
	c.text, c.format, c.limits = l.text, l.format, l.limits
	c.shape, c.start, c.end = s, start, end
	c.rewind()
}

func (c *textCursor) rewind() {
	c.pos, c.held, c.head, c.prefix = c.start, false, "", ""
}

// read reads the next point, and reports whether there is one.
func (c *textCursor) read(p *model.Point, s *model.Scratch) (ok bool, err error) {
	c.fault, c.ex.bad, c.lost, c.alike = nil, nil, false, false
	if c.typ == model.Counter || !c.compound() {
		if ok, err := c.readAlike(p); ok || err != nil {
			if err == nil && c.compound() {
				err = c.readRest(p, s)
			}
			c.check(p)
			return ok, err
		}
	}
	ok, err = c.readParts(p, s)
	if ok && err == nil && c.fault == nil && !c.raw {
		c.fault = c.finish(p, s)
	}
	return ok, err
}

func (c *textCursor) check(p *model.Point) {
	if p.HasTimestamp && c.fault == nil {
		c.fault = model.CheckTimestamp(p.TimestampMs)
	}
}

// readAlike reads a line with a value if it has the same names as the previous line. Otherwise it
// leaves the line and returns false.
func (c *textCursor) readAlike(p *model.Point) (ok bool, err error) {
	if c.head == "" || c.held || c.pos >= c.end || !strings.HasPrefix(c.text[c.pos:], c.head) {
		return false, nil
	}
	start := c.pos + len(c.head)
	pos := start
	alike := true
	for _, name := range c.names {
		if !strings.HasPrefix(c.text[pos:], name) {
			return false, nil
		}
		pos += len(name)
		end := plainEnd(c.text, pos)
		if c.text[end] != '"' {
			var canonical, ok bool
			if end, canonical, ok = c.quotedEnd(pos); !ok || !canonical {
				return false, nil
			}
		}
		alike = alike && end > pos
		pos = end
	}
	if !strings.HasPrefix(c.text[pos:], `"} `) {
		return false, nil
	}
	pos++
	if exceeds(pos-start, c.limits.LabelBytes) {
		return false, nil
	}
	labels := c.text[start:pos]
	if pos, err = c.readTail(c.blanks(pos+len("} ")), &c.tail); err != nil {
		return false, err
	}
	c.pos, c.alike = pos, alike
	p.SetNumber(volatile(labels, c.quoted), c.tail.value)
	c.parts = parts{value: true}
	if c.tail.hasTimestamp {
		p.TimestampMs, p.HasTimestamp = c.tail.timestampMs, true
	}
	if c.tail.exemplar != 0 {
		c.addExemplar(value, &p.Exemplar)
	}
	return true, nil
}

// peek reads the next line, unless it is already held, and reports whether there is one in this block.
func (c *textCursor) peek() (ok bool, err error) {
	if c.held {
		return true, nil
	}
	pos, ok := c.sampleLine(c.pos, c.end)
	if !ok {
		c.pos = pos
		return false, nil
	}
	c.pos = pos
	if err := c.readLine(pos, &c.line); err != nil {
		return false, err
	}
	if c.role = c.roleOf(c.line.name); c.role == foreign {
		return false, nil
	}
	if c.next, err = c.readTail(c.line.valuePos, &c.tail); err != nil {
		return false, err
	}
	c.held = true
	c.lineFault = c.readRole()
	return true, nil
}
