package parse

import (
	"fmt"

	"github.com/luxfi/metric/internal/model"
)

// protobufCursor reads the metrics of a family.
type protobufCursor struct {
	wire   // the family
	start  int
	limits *Limits
	typ    model.Type

	labels protobufLabels
	bounds boundsCache
	ex     exemplars

	found     uint // kinds of values that the metric has
	plain     bool // The metric has neither exemplars nor float counts.
	hasSchema bool
	created   timestamp

	fault error // reason why the point cannot be served; continues a sentence
	alike bool  // The point has the label names of the previous one, and no empty values.
}

func (c *protobufCursor) open(text string, limits *Limits, typ model.Type, b block) {
	c.wire = wire{text, b.start, b.end}
	c.start, c.limits, c.typ = b.start, limits, typ
	c.labels.limits = limits
	c.rewind()
}

func (c *protobufCursor) rewind() {
	c.pos = c.start
	c.labels.forget()
}

// read reads the next point, and reports whether there is one.
func (c *protobufCursor) read(p *model.Point, s *model.Scratch) (ok bool, err error) {
	for c.pos < c.end {
		tag, err := c.tag()
		if err != nil {
			return false, protobufError(c.pos, err)
		}
		if tag != familyMetric {
			if err := c.skip(tag); err != nil {
				return false, protobufError(c.pos, err)
			}
			continue
		}
		m, err := c.message()
		if err != nil {
			return false, protobufError(c.pos, err)
		}
		if err := c.metric(&m, p, s); err != nil {
			return false, protobufError(m.pos, err)
		}
		return true, nil
	}
	return false, nil
}

// metric reads a metric. Repeated fields override earlier ones or, if they are messages, are merged
// with them.
func (c *protobufCursor) metric(m *wire, p *model.Point, s *model.Scratch) (err error) {
	c.fault, c.ex.bad, c.found = nil, nil, 0
	c.created = timestamp{}
	p.SetNumber(model.Labels{}, 0)
	c.labels.begin(s)
	for m.pos < m.end {
		// Most tags are one byte. No case has the number 0.
		tag := uint64(m.text[m.pos])
		if m.pos++; tag >= 0x80 || tag < 1<<3 {
			m.pos--
			if tag, err = m.tag(); err != nil {
				return err
			}
		}
		switch tag {
		case metricLabel:
			err = c.labels.read(m)
		case metricGauge, metricCounter, metricUntyped:
			err = c.number(m, tag, p)
		case metricTimestamp:
			var v uint64
			v, err = m.varint()
			p.TimestampMs, p.HasTimestamp = int64(v), true
		case metricSummary:
			err = c.summary(m, s)
		case metricHistogram:
			err = c.histogram(m, s)
		default:
			err = m.skip(tag)
		}
		if err != nil {
			return err
		}
	}
	if p.Labels, c.alike, err = c.labels.finish(m, s); err != nil {
		return err
	}
	if c.fault == nil {
		c.fault = c.labels.fault
	}
	if c.fault == nil {
		c.fault = c.finish(p, s)
	}
	return nil
}

// tagOf maps a type to the field with the value of such a metric.
var tagOf = [...]uint64{
	model.Untyped: metricUntyped, model.Counter: metricCounter, model.Gauge: metricGauge,
	model.Summary: metricSummary, model.Histogram: metricHistogram, model.GaugeHistogram: metricHistogram,
}

// finish checks the point after it has been read.
func (c *protobufCursor) finish(p *model.Point, s *model.Scratch) error {
	if p.HasTimestamp {
		if err := model.CheckTimestamp(p.TimestampMs); err != nil {
			return err
		}
	}
	if c.found&(1<<(tagOf[c.typ]>>3)) == 0 {
		return fmt.Errorf("is not a %s", c.typ.Constant())
	}
	if r := c.typ.Reserved(); r != "" && p.Labels.Has(r) {
		return fmt.Errorf("must not have an explicit %q label", r)
	}
	switch c.typ {
	case model.Counter:
		p.Created = c.created.instant()
	case model.Summary:
		p.Summary, p.Created = &s.Summary, c.created.instant()
		return model.CheckQuantiles(s.Summary.Quantiles)
	case model.Histogram, model.GaugeHistogram:
		p.Histogram, p.Created = &s.Histogram, c.created.instant()
		return c.finishHistogram(s)
	}
	return nil
}

func (c *protobufCursor) finishHistogram(s *model.Scratch) error {
	h := &s.Histogram
	if err := c.bounds.finish(s, c.plain); err != nil {
		return err
	}
	if !isNative(&s.Native, c.hasSchema) {
		return nil
	}
	h.Native = &s.Native
	return model.CheckNative(h)
}
