package parse

import (
	"strings"
	"unicode/utf8"
)

// eofMark is the last line of OpenMetrics.
const eofMark = "# EOF"

// openText checks the end of a text, and returns a lexer for it.
func openText(f Format, text string, limits *Limits) (*lexer, error) {
	l := &lexer{text: text, format: f, limits: limits}
	if f == OpenMetrics {
		rest, ok := strings.CutSuffix(strings.TrimSuffix(text, "\n"), eofMark)
		if !ok || rest != "" && rest[len(rest)-1] != '\n' {
			return nil, l.errorAt(len(text), "the exposition does not end with the line %s: it may be truncated", quote(eofMark))
		}
		l.text = rest
		return l, nil
	}
	if text != "" && text[len(text)-1] != '\n' {
		return nil, l.errorAt(len(text), "the last line does not end with a line feed: it may be truncated")
	}
	return l, nil
}

// sampleLine returns the position of the next sample at or after pos. ok is false if no sample follows
// before end, or if a comment that describes a family comes first. In the second case, at is its
// position.
func (l *lexer) sampleLine(pos, end int) (at int, ok bool) {
	for pos < end {
		at := l.blanks(pos)
		switch l.text[at] {
		case '\n':
			if l.format == OpenMetrics {
				return at, true // The line is invalid; reading it returns the error.
			}
			pos = at + 1
		case '#':
			if l.format == OpenMetrics {
				return at, false
			}
			if keyword, _ := l.keyword(at); keyword == help || keyword == typ {
				return at, false
			}
			pos = at + strings.IndexByte(l.text[at:], '\n') + 1
		default:
			return at, true
		}
	}
	return end, false
}

// textReader makes the first pass over a text.
type textReader struct {
	*lexer
	survey *survey
	cursor textCursor
	byBase map[string]*family // families by their name in comment lines
	last   *family            // family described last
	line   line
}

func (r *textReader) read() error {
	for pos := 0; ; {
		at, ok := r.sampleLine(pos, len(r.text))
		if !ok && at >= len(r.text) {
			return nil
		}
		var err error
		if ok {
			pos, err = r.block(at)
		} else {
			pos, err = r.comment(at)
		}
		if err != nil {
			return err
		}
	}
}

// comment applies a comment that describes a family.
func (r *textReader) comment(pos int) (next int, err error) {
	d, next, err := r.describe(pos)
	if err != nil || d.keyword == typ && d.text == "" && r.format == Text || d.name == "" && r.format == Text {
		return next, err
	}
	f := r.last
	if f == nil || f.base != d.name {
		if f = r.byBase[d.name]; f == nil {
			if f, err = r.add(pos, shape{base: d.name, openMetrics: r.format == OpenMetrics}); err != nil {
				return 0, err
			}
		}
	}
	switch d.keyword {
	case help:
		if exceeds(len(d.text), r.limits.HelpBytes) {
			return 0, r.errorAt(pos, "%s", tooMany("a help text has too many bytes", r.limits.HelpBytes))
		}
		if !utf8.ValidString(d.text) {
			return 0, r.errorAt(pos, "the help of the metric %s is not UTF-8", quote(d.name))
		}
		f.help, f.hasHelp, f.escaped = d.text, true, true
	case typ:
		if f, err = r.setType(pos, f, &d); err != nil {
			return 0, err
		}
	case unit:
		if err := r.setUnit(pos, f, &d); err != nil {
			return 0, err
		}
	}
	r.last = f
	return next, nil
}

// setType sets the type of a family. It returns another family if f already has a different type.
func (r *textReader) setType(pos int, f *family, d *description) (*family, error) {
	s := f.shape
	var ok bool
	if r.format == OpenMetrics {
		if s.typ, s.suffix, ok = openMetricsTypeOf(d.text); !ok {
			return nil, r.errorAt(pos, "the metric %s has the unknown type %s: allowed are counter, gauge, histogram, gaugehistogram, summary, "+
				"info, stateset and unknown", quote(d.name), quote(d.text))
		}
	} else if s.typ, ok = textTypeOf(d.text); !ok {
		return nil, r.errorAt(pos, "the metric %s has the unknown type %s: allowed are counter, gauge, histogram, gaugehistogram, summary and untyped",
			quote(d.name), quote(d.text))
	}
	switch {
	case s == f.shape:
	case !f.typed && len(f.blocks) == 0:
		f.shape = s
	default:
		other, err := r.add(pos, s)
		if err != nil {
			return nil, err
		}
		other.help, other.hasHelp, other.escaped, other.unit = f.help, f.hasHelp, f.escaped, f.unit
		f = other
	}
	f.typed = true
	return f, nil
}

func (r *textReader) setUnit(pos int, f *family, d *description) error {
	name := unescape(d.text, true)
	if name != "" && !strings.HasSuffix(f.base, "_"+name) {
		return r.errorAt(pos, "the metric %s has the unit %s: its name must end with an underscore and the unit", quote(d.name), quote(name))
	}
	if !utf8.ValidString(name) {
		return r.errorAt(pos, "the unit of the metric %s is not UTF-8", quote(d.name))
	}
	f.unit = name
	return nil
}

// add adds a family. It replaces a family with the same name.
func (r *textReader) add(pos int, s shape) (*family, error) {
	if exceeds(r.survey.count()+1, r.limits.Families) {
		return nil, r.errorAt(pos, "%s", tooMany("too many families", r.limits.Families))
	}
	f := r.survey.add(s)
	r.byBase[s.base] = f
	return f, nil
}

// block reads samples of one family.
func (r *textReader) block(pos int) (end int, err error) {
	if err := r.readLine(pos, &r.line); err != nil {
		return 0, err
	}
	f, err := r.familyOf(pos, r.line.name)
	if err != nil {
		return 0, err
	}
	c := &r.cursor
	c.open(r.lexer, f.shape, pos, len(r.text))
	r.survey.begin(f)
	for {
		p, s := r.survey.next()
		ok, err := c.read(p, s)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		if r.survey.take(c.alike, c.fault != nil || c.ex.bad != nil); exceeds(r.survey.series, r.limits.Series) {
			return 0, r.errorAt(c.pos, "%s", tooMany("too many series", r.limits.Series))
		}
	}
	r.survey.end(pos, c.pos)
	return c.pos, nil
}

// familyOf returns the family to which a sample with the given name belongs.
func (r *textReader) familyOf(pos int, name string) (*family, error) {
	// In text, a family with exactly this name has priority; in OpenMetrics, the last described one
	// has.
	if f := r.last; f != nil && f.roleOf(name) > misfit && r.format == OpenMetrics {
		return f, nil
	}
	if f := r.byBase[name]; f != nil && (f.typed || f.roleOf(name) > misfit) {
		return f, nil
	}
	if f := r.last; f != nil && f.roleOf(name) > misfit {
		return f, nil
	}
	if at := strings.LastIndexByte(name, '_'); at >= 0 {
		if f := r.byBase[name[:at]]; f != nil && f.roleOf(name) > misfit {
			return f, nil
		}
	}
	if exceeds(len(name), r.limits.NameBytes) {
		return nil, r.errorAt(pos, "%s", tooMany("the name of a metric has too many bytes", r.limits.NameBytes))
	}
	return r.add(pos, shape{base: name, openMetrics: r.format == OpenMetrics})
}
