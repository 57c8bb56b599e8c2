package parse

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// protobufReader makes the first pass over a protobuf exposition.
type protobufReader struct {
	wire
	limits *Limits
	survey *survey
	cursor protobufCursor
	byName map[string]*family
}

func (x *exposition) readProtobuf(text string) (*Exposition, error) {
	limits := x.limits // The functions returned must not keep x alive.
	r := protobufReader{wire: wire{text, 0, len(text)}, limits: limits, survey: &x.survey, byName: make(map[string]*family)}
	for r.pos < r.end {
		if err := r.family(); err != nil {
			return nil, err
		}
	}
	if len(r.byName) != len(x.survey.families) {
		x.survey.findTwins()
	}
	return x.serve(
		func(f *family) cursor {
			c := new(protobufCursor)
			c.ex.make = true
			c.open(text, limits, f.typ, f.blocks[0])
			return c
		},
		func(f *family, m *model.Family) error { return x.passProtobuf(&r.cursor, text, f, m) },
	)
}

// passProtobuf passes on the samples of a family.
func (x *exposition) passProtobuf(c *protobufCursor, text string, f *family, m *model.Family) error {
	var (
		p       model.Point
		scratch model.Scratch
	)
	c.ex.make = true
	for _, b := range f.blocks {
		c.open(text, x.limits, f.typ, b)
		for {
			ok, err := c.read(&p, &scratch)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			x.refuse(m, &p, c.ex.bad)
			if err := x.pass(m, &p, c.fault); err != nil {
				return err
			}
		}
	}
	return nil
}

// family reads a family preceded by its length.
func (r *protobufReader) family() error {
	m, err := r.message()
	if err != nil {
		return protobufError(r.pos, err)
	}
	head, err := readHead(m)
	if err != nil {
		return err
	}
	f, err := r.add(m.pos, &head)
	if err != nil || head.metrics == 0 {
		return err
	}
	c := &r.cursor
	b := block{m.pos, m.end}
	c.open(m.text, r.limits, f.typ, b)
	r.survey.begin(f)
	for {
		p, s := r.survey.next()
		ok, err := c.read(p, s)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if r.survey.take(c.alike, c.fault != nil || c.ex.bad != nil); exceeds(r.survey.series, r.limits.Series) {
			return protobufError(c.pos, errors.New(tooMany("too many series", r.limits.Series)))
		}
	}
	r.survey.end(b.start, b.end)
	return nil
}

func protobufError(pos int, err error) error {
	return &Error{Format: Protobuf, Offset: pos, Reason: err.Error()}
}

// head is the description of a family.
type head struct {
	name, help, unit string
	hasHelp          bool
	typ              uint64
	metrics          int
}

// readHead reads all fields of a family except its metrics. They may stand between the metrics.
func readHead(m wire) (h head, err error) {
	for m.pos < m.end {
		tag, err := m.tag()
		if err != nil {
			return h, protobufError(m.pos, err)
		}
		switch tag {
		case familyName:
			h.name, err = m.string()
		case familyHelp:
			h.help, err = m.string()
			h.hasHelp = true
		case familyType:
			h.typ, err = m.varint()
		case familyUnit:
			h.unit, err = m.string()
		case familyMetric:
			h.metrics++
			_, err = m.message()
		default:
			err = m.skip(tag)
		}
		if err != nil {
			return h, protobufError(m.pos, err)
		}
	}
	return h, nil
}

// add returns the family with the given name, type and so on. It creates the family if it does not exist.
func (r *protobufReader) add(pos int, h *head) (*family, error) {
	typ, err := h.check(r.limits)
	if err != nil {
		return nil, protobufError(pos, err)
	}
	for f := r.byName[h.name]; f != nil && f.typ == typ; {
		return f, nil
	}
	if exceeds(r.survey.count()+1, r.limits.Families) {
		return nil, protobufError(pos, errors.New(tooMany("too many families", r.limits.Families)))
	}
	f := r.survey.add(shape{typ: typ, base: h.name})
	f.help, f.hasHelp, f.unit = h.help, h.hasHelp, h.unit
	r.byName[h.name] = f
	return f, nil
}

// check returns the family's type, or the reason for refusing the body.
func (h *head) check(limits *Limits) (model.Type, error) {
	switch {
	case h.name == "":
		return 0, errors.New("a family has no name")
	case model.CheckName(h.name) != nil:
		return 0, fmt.Errorf("the name of a metric %s is not allowed: names are UTF-8 without NUL bytes", quote(h.name))
	case exceeds(len(h.name), limits.NameBytes):
		return 0, errors.New(tooMany("the name of a metric has too many bytes", limits.NameBytes))
	case exceeds(len(h.help), limits.HelpBytes):
		return 0, errors.New(tooMany("a help text has too many bytes", limits.HelpBytes))
	case !utf8.ValidString(h.help):
		return 0, fmt.Errorf("the help of the metric %s is not UTF-8", quote(h.name))
	case !utf8.ValidString(h.unit):
		return 0, fmt.Errorf("the unit of the metric %s is not UTF-8", quote(h.name))
	case h.typ >= uint64(len(protobufTypes)):
		return 0, fmt.Errorf("the metric %s has the unknown type %d: allowed are 0 to %d", quote(h.name), h.typ, len(protobufTypes)-1)
	}
	return protobufTypes[h.typ], nil
}

// protobufTypes are the values of the enum MetricType.
var protobufTypes = [...]model.Type{
	model.Counter, model.Gauge, model.Summary, model.Untyped, model.Histogram, model.GaugeHistogram,
}
