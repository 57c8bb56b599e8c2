package parse

import (
	"errors"
	"fmt"
	"math"

	"github.com/luxfi/metric/internal/model"
)

// add adds a line to the point. The tail of the line must have been read.
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
			c.fault = fmt.Errorf("has the quantile %s: it must be a number", quote(special))
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
		c.fault = fmt.Errorf("has a bucket up to %s: it must be a number", quote(le))
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
		c.fault = fmt.Errorf("counts %v observations: it must be a whole number that is not negative", float)
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
		return // The first pass has read it without an error.
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

// finish checks the point after it has been read.
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
		// A missing count is the count of the last bucket.
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
