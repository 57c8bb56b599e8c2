package parse

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// textCursor reads the points of a family from a block: lines that follow each other, with
// nothing between them but blank lines and comments.
type textCursor struct {
	lexer
	shape
	start, pos int
	end        int // Of the block; that of the text while the block is being looked for.

	line      line // The line that was read last.
	held      bool // It has not been used yet.
	role      role
	labels    model.Labels
	special   string // The value of the special label.
	rendered  bool   // The labels lie in buf.
	tail      tail
	next      int   // Where the line after it begins.
	lineFault error // Why the line cannot be used.
	buf       []byte
	sorted    []label

	// What the lines of a family's values begin with, from one series to the next.
	head   string
	names  model.Names
	quoted bool
	// What the lines of the special label begin with, from one line of a point to the next.
	prefix string

	parts   parts // Of the point that is being read.
	numbers numbers
	bounds  boundsCache
	ex      exemplars

	raw   bool  // Points are not finished.
	fault error // Why the point cannot be served, as the rest of a sentence.
	lost  bool  // The fault is such that it is not known which point it is.
	alike bool  // The point has the names of the one before, and no empty values.
}

// parts are those of a point that there may be one of.
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

// readAlike reads a line with a value, and the same names as the line before. It leaves the
// line alone, and returns false, if it is another one.
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
	if pos, err = c.readTail(pos+len("} "), &c.tail); err != nil {
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

// peek reads the next line, unless it is held already, and reports whether there is one in
// this block.
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

// readRole finds out what the line that is held means.
func (c *textCursor) readRole() error {
	if c.role == misfit {
		return fmt.Errorf("has a sample named %s: a %s has none of this name", quote(c.line.name), c.typ)
	}
	special := c.shape.special(c.role)
	at, err := c.renderLabels(special)
	if err != nil {
		return err
	}
	c.prefix = ""
	switch {
	case special == "":
		if r := c.typ.Reserved(); r != "" && c.labels.Has(r) {
			return fmt.Errorf("must not have an explicit %q label", r)
		}
	case at < 0:
		return fmt.Errorf("has a sample named %s without the label %q", quote(c.line.name), special)
	default:
		c.special = c.line.labels[at].value
		if c.line.plain && at == len(c.line.labels)-1 {
			c.prefix = c.text[c.pos : c.line.labels[at].end-1-len(c.special)]
		}
	}
	return nil
}

// renderLabels renders the labels of a line but the special one, and returns the index of that.
func (c *textCursor) renderLabels(special string) (at int, err error) {
	at = -1
	labels := c.line.labels
	before := ""
	ascending, quoted := true, false
	for i := range labels {
		lb := &labels[i]
		if special != "" && lb.name == special {
			if at >= 0 {
				return 0, fmt.Errorf("has two or more labels with the same name: %s", special)
			}
			at = i
			continue
		}
		if lb.name == "" || strings.HasPrefix(lb.name, "__") || strings.IndexByte(lb.name, 0) >= 0 {
			_, _, err := model.AppendLabels(nil, []model.Label{{Name: shorten(lb.name)}})
			return 0, fmt.Errorf("has %w", err)
		}
		ascending = ascending && before < lb.name
		before = lb.name
		quoted = quoted || c.text[lb.pos] == '"'
	}
	first, last := 0, len(labels)
	switch at {
	case -1:
	case 0:
		first++
	case last - 1:
		last--
	default:
		ascending = false // They are not in one piece.
	}
	c.rendered = false
	switch {
	case first >= last:
		c.labels = model.Labels{}
	case c.line.plain && ascending:
		c.labels = volatile(c.text[labels[first].pos:labels[last-1].end], quoted)
	default:
		return at, c.sortLabels(at)
	}
	return at, nil
}

// sortLabels renders labels that are not as they should be.
func (c *textCursor) sortLabels(special int) error {
	c.sorted = c.sorted[:0]
	for i := range c.line.labels {
		if i != special {
			c.sorted = append(c.sorted, c.line.labels[i])
		}
	}
	sortLabels(c.sorted)
	buf, quoted := c.buf[:0], false
	for i := range c.sorted {
		lb := &c.sorted[i]
		if i > 0 {
			if lb.name == c.sorted[i-1].name {
				return fmt.Errorf("has two or more labels with the same name: %s", shorten(lb.name))
			}
			buf = append(buf, ',')
		}
		buf = model.AppendLabelName(buf, lb.name)
		quoted = quoted || buf[len(buf)-1] == '"'
		buf = append(buf, '=', '"')
		if lb.odd {
			buf = model.AppendEscaped(buf, unescape(lb.value, true))
		} else {
			buf = append(buf, lb.value...)
		}
		buf = append(buf, '"')
	}
	c.buf, c.rendered = buf, true
	c.labels = model.VolatileLabels(buf, quoted)
	return nil
}

// sortLabels sorts few labels without allocating.
func sortLabels(labels []label) {
	if len(labels) > 16 {
		order.By(labels, func(a, b label) int { return cmp.Compare(a.name, b.name) })
		return
	}
	for i := range labels {
		for j := i; j > 0 && labels[j].name < labels[j-1].name; j-- {
			labels[j], labels[j-1] = labels[j-1], labels[j]
		}
	}
}

// readParts reads the lines of a point.
func (c *textCursor) readParts(p *model.Point, s *model.Scratch) (ok bool, err error) {
	if ok, err = c.peek(); !ok || err != nil {
		return false, err
	}
	if c.lineFault != nil {
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

// take adds the line that is held to the point.
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

// readRest reads the lines that belong to the point whose first line has been read.
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
		if ok, err = c.peek(); !ok || err != nil {
			return err
		}
		if c.lineFault != nil || c.labels.Text() != p.Labels.Text() || !c.fits(p, c.role) {
			return nil
		}
		c.take(p, s)
	}
}

// size returns how many buckets or quantiles a point has.
func size(p *model.Point) int {
	switch {
	case p.Histogram != nil:
		return p.Histogram.NumBuckets()
	case p.Summary != nil:
		return len(p.Summary.Quantiles)
	}
	return 0
}

// mayBeCreated reports whether the next line could be that of a counter's creation time.
func (c *textCursor) mayBeCreated() bool {
	s := c.text[c.pos:]
	return s[0] == '{' || s[0] == '"' || strings.HasPrefix(s, c.base) && strings.HasPrefix(s[len(c.base):], "_created")
}

// addAlike adds the next line if it begins like one of this point has to.
func (c *textCursor) addAlike(p *model.Point, s *model.Scratch) (ok bool, err error) {
	if c.held || c.pos >= c.end {
		return false, nil
	}
	rest := c.text[c.pos:]
	r, pos, special := foreign, 0, ""
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
	next, err := c.readTail(c.pos+pos, &c.tail)
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

// suffixed returns the role of the line that s begins with, and where its value begins, if
// it is one of a suffix, and its labels are written like that.
func (c *textCursor) suffixed(s, labels string) (r role, pos int) {
	if !strings.HasPrefix(s, c.base) {
		return foreign, 0
	}
	pos = len(c.base)
	suffix := ""
	switch {
	case strings.HasPrefix(s[pos:], "_sum"):
		r, suffix = sum, "_sum"
	case strings.HasPrefix(s[pos:], "_count"):
		r, suffix = count, "_count"
	case strings.HasPrefix(s[pos:], "_created"):
		r, suffix = created, "_created"
	default:
		return foreign, 0
	}
	if c.typ == model.Counter && r != created || r == created && !c.hasCreated() {
		return foreign, 0
	}
	pos += len(suffix)
	if labels == "" {
		if s[pos] != ' ' {
			return foreign, 0
		}
		return r, c.blanks(c.pos+pos+1) - c.pos
	}
	if s[pos] != '{' || !strings.HasPrefix(s[pos+1:], labels) {
		return foreign, 0
	}
	pos += 1 + len(labels)
	if !strings.HasPrefix(s[pos:], "} ") {
		return foreign, 0
	}
	return r, c.blanks(c.pos+pos+2) - c.pos
}

// fits reports whether a line, whose tail has been read, can be a part of the point: it has the
// same timestamp, and is none of which there may be one and is one already.
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

// add adds a line, whose tail has been read, to the point.
func (c *textCursor) add(p *model.Point, s *model.Scratch, r role, special string) {
	t := &c.tail
	text := c.text[t.pos:t.end]
	if r != created && t.hasTimestamp {
		p.TimestampMs, p.HasTimestamp = t.timestampMs, true
	}
	if r == created {
		p.Created, c.parts.created = instantOf(c.text[t.pos:], len(text)), true
		if c.parts.onlyCreated(p) {
			p.TimestampMs, p.HasTimestamp = 0, false
		}
		if t.exemplar != 0 {
			c.ex.refuse(errMisplaced)
		}
		return
	}
	switch {
	case r == bucket:
		c.addBucket(&s.Histogram, special, text)
		return
	case r == sum && p.Summary != nil:
		s.Summary.Sum, c.parts.sum = t.value, true
	case r == sum:
		s.Histogram.Sum, c.parts.sum = t.value, true
	case r == count:
		c.addCount(p, s, text)
	case p.Summary != nil:
		rank, ok := c.numbers.at(len(s.Summary.Quantiles), special)
		if !ok {
			c.fault = fmt.Errorf("has the quantile %s: it has to be a number", quote(special))
		}
		s.Summary.Quantiles = append(s.Summary.Quantiles, model.Quantile{Quantile: rank, Value: t.value})
	default:
		p.Value, c.parts.value = t.value, true
	}
	if t.exemplar != 0 {
		c.addExemplar(r, &p.Exemplar)
	}
}

func (c *textCursor) addBucket(h *model.HistogramValue, le, text string) {
	bound, ok := c.numbers.at(len(h.Buckets), le)
	if !ok {
		c.fault = fmt.Errorf("has a bucket up to %s: it has to be a number", quote(le))
	}
	b := model.Bucket{UpperBound: bound}
	b.Count, b.CountFloat = countOf(c.tail.value, text)
	if b.CountFloat != 0 {
		c.parts.plain = false
	}
	if c.tail.exemplar != 0 {
		c.parts.plain = false
		c.addExemplar(bucket, &b.Exemplar)
	}
	h.Buckets = append(h.Buckets, b)
}

func (c *textCursor) addCount(p *model.Point, s *model.Scratch, text string) {
	n, float := countOf(c.tail.value, text)
	c.parts.count = true
	if p.Histogram != nil {
		s.Histogram.Count, s.Histogram.CountFloat = n, float
		c.parts.plain = c.parts.plain && float == 0
		return
	}
	if s.Summary.Count = n; float != 0 {
		c.fault = fmt.Errorf("counts %v observations: it has to be a whole number that is not negative", float)
	}
}

var errMisplaced = errors.New("has an exemplar in a sample that may not have one: counters and buckets may")

// addExemplar reads the exemplar of the line whose tail has been read.
func (c *textCursor) addExemplar(r role, to **model.Exemplar) {
	if r != bucket && (r != value || c.typ != model.Counter) {
		c.ex.refuse(errMisplaced)
		return
	}
	e, _, err := c.readExemplar(c.tail.exemplar)
	if err != nil {
		return // It has been read without an error before.
	}
	c.ex.labels = c.ex.labels[:0]
	for i := range c.exemplar.labels {
		lb := &c.exemplar.labels[i]
		c.ex.labels = append(c.ex.labels, model.Label{Name: lb.name, Value: unescape(lb.value, lb.odd)})
	}
	if *to == nil {
		*to = c.ex.finish(&e)
	}
}

// finish checks a point that has been read.
func (c *textCursor) finish(p *model.Point, s *model.Scratch) error {
	if p.HasTimestamp {
		if err := model.CheckTimestamp(p.TimestampMs); err != nil {
			return err
		}
	}
	switch {
	case p.Histogram != nil:
		return c.finishHistogram(s)
	case p.Summary != nil:
		return model.CheckQuantiles(s.Summary.Quantiles)
	case !c.parts.value:
		return errNoValue
	}
	return nil
}

var errNoValue = errors.New("has a creation time but no value")

func (c *textCursor) finishHistogram(s *model.Scratch) error {
	h := &s.Histogram
	if !c.parts.count {
		// It may be left out, and is then what the last bucket counts.
		for i := range h.Buckets {
			if math.IsInf(h.Buckets[i].UpperBound, +1) {
				h.Count, h.CountFloat = h.Buckets[i].Count, h.Buckets[i].CountFloat
			}
		}
	}
	if !c.parts.plain {
		unifyCounts(h)
	}
	return c.bounds.finish(s, c.parts.plain)
}
