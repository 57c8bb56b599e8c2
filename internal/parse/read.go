package parse

import (
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// Exposition is the result of [Read]. It is immutable and safe for concurrent use.
type Exposition struct {
	// Sources are the families whose series are in order, each a [*Source]. Their names are distinct.
	// No source has the name of a family whose samples were passed to sample.
	Sources []model.Source
	// Families and Series count all served families and series, in Sources or otherwise.
	Families, Series int
}

// Read reads an exposition. The caller must not modify body while it uses the result.
//
// Some families cannot be a source, because their series are not in order, occur more than once or in
// several places, or cannot all be served. Read passes their samples to sample, family by family.
// sample may keep the family. The point, and the memory that it refers to, is valid only until sample
// returns. If sample returns an error, Read stops and returns it.
//
// Read omits invalid samples and invalid exemplars, and passes a [*SampleError] for each of them to
// drop.
//
// If Read returns an [*Error], the body is not a reliable exposition. Callers should serve none of it,
// including the samples passed to sample.
func Read(f Format, body []byte, limits Limits, sample func(*model.Family, *model.Point) error, drop func(error)) (*Exposition, error) {
	text := unsafe.String(unsafe.SliceData(body), len(body))
	x := &exposition{limits: &limits, sample: sample, drop: drop}
	if f == Protobuf {
		return x.readProtobuf(text)
	}
	return x.readText(f, text)
}

// exposition is the state of Read.
type exposition struct {
	limits *Limits
	sample func(*model.Family, *model.Point) error
	drop   func(error)
	survey survey
	result Exposition
}

func (x *exposition) readText(f Format, text string) (*Exposition, error) {
	l, err := openText(f, text, x.limits)
	if err != nil {
		return nil, err
	}
	r := textReader{lexer: l, survey: &x.survey, byBase: make(map[string]*family)}
	if err := r.read(); err != nil {
		return nil, err
	}
	r.cursor.ex.make = true
	if f == OpenMetrics || len(r.byBase) != len(x.survey.families) {
		x.survey.findTwins()
	}
	return x.serve(
		func(f *family) cursor {
			c := new(textCursor)
			c.ex.make = true
			c.open(l, f.shape, f.blocks[0].start, f.blocks[0].end)
			return c
		},
		func(f *family, m *model.Family) error { return x.passText(&r.cursor, l, f, m) },
	)
}

// serve makes sources of suitable families, and passes on the samples of all others.
func (x *exposition) serve(open func(*family) cursor, pass func(*family, *model.Family) error) (*Exposition, error) {
	for _, f := range x.survey.families {
		if len(f.blocks) == 0 {
			continue
		}
		m := f.describe()
		x.result.Families++
		if f.irregular {
			if err := pass(f, m); err != nil {
				return nil, err
			}
			continue
		}
		x.result.Series += f.points
		x.result.Sources = append(x.result.Sources, &Source{
			family: m, points: f.points, mixed: f.mixed, open: func() cursor { return open(f) },
		})
	}
	return &x.result, nil
}

// findTwins marks families as irregular if another family has the same name.
func (s *survey) findTwins() {
	byName := make(map[string]*family, len(s.families))
	for _, f := range s.families {
		if len(f.blocks) == 0 {
			continue
		}
		name := f.base + f.suffix
		if other := byName[name]; other != nil {
			f.irregular, other.irregular = true, true
			continue
		}
		byName[name] = f
	}
}

// passText passes on the samples of a family.
func (x *exposition) passText(c *textCursor, l *lexer, f *family, m *model.Family) error {
	var (
		p       model.Point
		scratch model.Scratch
		all     assembler
	)
	c.raw = f.compound()
	defer func() { c.raw = false }()
	for _, b := range f.blocks {
		c.open(l, f.shape, b.start, b.end)
		for {
			ok, err := c.read(&p, &scratch)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			x.refuse(m, &p, c.ex.bad)
			if c.raw && !c.lost {
				all.add(&p, c.parts, c.fault)
				continue
			}
			if err := x.pass(m, &p, c.fault); err != nil {
				return err
			}
		}
	}
	for _, p := range all.join() {
		x.refuse(m, p, errNoValue)
	}
	for _, part := range all.fragments {
		p, fault := part.point, part.fault
		if p.Histogram != nil {
			scratch.Histogram = *p.Histogram
			p.Histogram = &scratch.Histogram
		}
		if p.Summary != nil {
			scratch.Summary = *p.Summary
		}
		if exceeds(size(&p), x.limits.Buckets) {
			return l.errorAt(f.blocks[0].start, "%s", tooMany("too many buckets or quantiles in a series", x.limits.Buckets))
		}
		if fault == nil {
			c.shape, c.parts = f.shape, part.parts
			fault = c.finish(&p, &scratch)
		}
		if err := x.pass(m, &p, fault); err != nil {
			return err
		}
	}
	return nil
}

// pass passes on a sample, unless it cannot be served.
func (x *exposition) pass(m *model.Family, p *model.Point, fault error) error {
	if fault != nil {
		x.refuse(m, p, fault)
		return nil
	}
	x.result.Series++
	return x.sample(m, p)
}

// refuse reports reason, if it is not nil, as a problem of a sample.
func (x *exposition) refuse(m *model.Family, p *model.Point, reason error) {
	if reason != nil {
		x.drop(&SampleError{Family: m.Name, Labels: shorten(p.Labels.Text()), Err: shortened(reason)})
	}
}
