package parse

import (
	"errors"
	"math"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// timestamp is a google.protobuf.Timestamp.
type timestamp struct {
	set            bool
	seconds, nanos int64
}

// instant converts t. It returns an unknown time if t does not fit in an Instant or is before 1970.
func (t timestamp) instant() model.Instant {
	const limit = math.MaxInt64/1_000_000_000 - 1
	if !t.set || t.seconds < 0 || t.seconds > limit || t.nanos < 0 || t.nanos > 999_999_999 {
		return model.Instant{}
	}
	return model.Instant{Nanos: t.seconds*1_000_000_000 + t.nanos, Valid: true}
}

// number reads a gauge, a counter or an untyped metric.
func (c *protobufCursor) number(m *wire, tag uint64, p *model.Point) error {
	c.found |= 1 << (tag >> 3)
	wanted := tag == tagOf[c.typ]
	// Most of them have only a value.
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

// time reads the start timestamp of a metric.
func (c *protobufCursor) time(m *wire, wanted bool) error {
	t := c.created
	if err := t.read(m); err != nil || !wanted {
		return err
	}
	c.created = t
	return nil
}

// read merges a timestamp into t.
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

// readExemplar reads an exemplar. It returns nil if the exemplar is omitted; see exemplars.
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
			if l.Name, l.Value, err = readLabel(&n); err == nil && (!utf8.ValidString(l.Name) || !utf8.ValidString(l.Value)) {
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
