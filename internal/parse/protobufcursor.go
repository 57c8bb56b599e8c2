package parse

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// protobufCursor reads the metrics of a family.
type protobufCursor struct {
	wire   // The family.
	start  int
	limits *Limits
	typ    model.Type

	labels protobufLabels
	bounds boundsCache
	ex     exemplars

	found     uint // The kinds of values that the metric has.
	plain     bool // It has neither exemplars nor float counts.
	hasSchema bool
	created   timestamp

	fault error // Why the point cannot be served, as the rest of a sentence.
	alike bool  // The point has the names of the one before, and no empty values.
}

// timestamp is a google.protobuf.Timestamp.
type timestamp struct {
	set            bool
	seconds, nanos int64
}

// instant returns an unknown time for one that an Instant cannot hold, or that is before 1970.
func (t timestamp) instant() model.Instant {
	const limit = math.MaxInt64/1_000_000_000 - 1
	if !t.set || t.seconds < 0 || t.seconds > limit || t.nanos < 0 || t.nanos > 999_999_999 {
		return model.Instant{}
	}
	return model.Instant{Nanos: t.seconds*1_000_000_000 + t.nanos, Valid: true}
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

// metric reads a metric. Fields that come again override or, if they are messages, add to what
// there is.
func (c *protobufCursor) metric(m *wire, p *model.Point, s *model.Scratch) (err error) {
	c.fault, c.ex.bad, c.found = nil, nil, 0
	c.created = timestamp{}
	p.SetNumber(model.Labels{}, 0)
	c.labels.begin(s)
	for m.pos < m.end {
		// Most tags are one byte. None of the cases has the number 0.
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

// tagOf is the field that has the value of a metric of that type.
var tagOf = [...]uint64{
	model.Untyped: metricUntyped, model.Counter: metricCounter, model.Gauge: metricGauge,
	model.Summary: metricSummary, model.Histogram: metricHistogram, model.GaugeHistogram: metricHistogram,
}

// finish checks a point that has been read.
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

// number reads a gauge, a counter or an untyped metric.
func (c *protobufCursor) number(m *wire, tag uint64, p *model.Point) error {
	c.found |= 1 << (tag >> 3)
	wanted := tag == tagOf[c.typ]
	// Mostly it is only a value.
	const prefix, size = "\x09\x09", 10
	if m.end-m.pos >= size && m.text[m.pos:m.pos+len(prefix)] == prefix {
		m.pos += len(prefix)
		v, err := m.double()
		if wanted {
			p.Value = v
		}
		return err
	}
	n, err := m.message()
	if err != nil {
		return err
	}
	for n.pos < n.end {
		field, err := n.tag()
		if err != nil {
			return err
		}
		switch {
		case field == numberValue:
			var v float64
			if v, err = n.double(); wanted {
				p.Value = v
			}
		case tag == metricCounter && field == counterCreated:
			err = c.time(&n, wanted)
		case tag == metricCounter && field == counterExemplar:
			var e *model.Exemplar
			if e, err = c.readExemplar(&n); wanted && e != nil {
				p.Exemplar = e
			}
		default:
			err = n.skip(field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// time reads the creation time of a metric.
func (c *protobufCursor) time(m *wire, wanted bool) error {
	t := c.created
	if err := t.read(m); err != nil || !wanted {
		return err
	}
	c.created = t
	return nil
}

func (t *timestamp) read(m *wire) error {
	n, err := m.message()
	if err != nil {
		return err
	}
	t.set = true
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return err
		}
		var v uint64
		switch tag {
		case timestampSeconds:
			v, err = n.varint()
			t.seconds = int64(v)
		case timestampNanos:
			v, err = n.varint()
			t.nanos = int64(int32(v))
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *protobufCursor) summary(m *wire, s *model.Scratch) error {
	n, err := m.message()
	if err != nil {
		return err
	}
	v := &s.Summary
	if c.found&(1<<(metricSummary>>3)) == 0 {
		*v = model.SummaryValue{Quantiles: v.Quantiles[:0]}
	}
	c.found |= 1 << (metricSummary >> 3)
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return err
		}
		switch tag {
		case sampleCount:
			v.Count, err = n.varint()
		case sampleSum:
			v.Sum, err = n.double()
		case summaryQuantile:
			if exceeds(len(v.Quantiles)+1, c.limits.Buckets) {
				return errors.New(tooMany("too many quantiles in a series", c.limits.Buckets))
			}
			var q model.Quantile
			q, err = readQuantile(&n)
			v.Quantiles = append(v.Quantiles, q)
		case summaryCreated:
			err = c.time(&n, c.typ == model.Summary)
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readQuantile(m *wire) (q model.Quantile, err error) {
	n, err := m.message()
	if err != nil {
		return q, err
	}
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return q, err
		}
		switch tag {
		case quantileRank:
			q.Quantile, err = n.double()
		case quantileValue:
			q.Value, err = n.double()
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// readExemplar reads an exemplar. It returns nil if there is none to return; see exemplars.
func (c *protobufCursor) readExemplar(m *wire) (*model.Exemplar, error) {
	n, err := m.message()
	if err != nil {
		return nil, err
	}
	c.plain = false
	var (
		e  model.Exemplar
		at timestamp
	)
	c.ex.labels = c.ex.labels[:0]
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return nil, err
		}
		switch tag {
		case exemplarLabel:
			var l model.Label
			if l.Name, l.Value, err = readLabel(&n); err == nil && !(utf8.ValidString(l.Name) && utf8.ValidString(l.Value)) {
				err = errLabelNotUTF8
			}
			if exceeds(len(c.ex.labels)+1, c.limits.Labels) {
				err = errors.New(tooMany("too many labels in an exemplar", c.limits.Labels))
			}
			c.ex.labels = append(c.ex.labels, l)
		case exemplarValue:
			e.Value, err = n.double()
		case exemplarTimestamp:
			err = at.read(&n)
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return nil, err
		}
	}
	e.Timestamp = at.instant()
	return c.ex.finish(&e), nil
}
