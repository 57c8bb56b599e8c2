package parse

import (
	"strings"
)

// keyword is the first word of a comment that describes a family.
type keyword uint8

const (
	none keyword = iota
	help
	typ
	unit
)

// keyword returns the keyword of a comment, and the position after it.
func (l *lexer) keyword(pos int) (k keyword, end int) {
	if l.format == OpenMetrics {
		switch rest := l.text[pos:]; {
		case strings.HasPrefix(rest, "# HELP "):
			return help, pos + len("# HELP ")
		case strings.HasPrefix(rest, "# TYPE "):
			return typ, pos + len("# TYPE ")
		case strings.HasPrefix(rest, "# UNIT "):
			return unit, pos + len("# UNIT ")
		}
		return none, pos
	}
	pos = l.blanks(pos + 1)
	rest := l.text[pos:]
	switch {
	case strings.HasPrefix(rest, "HELP"):
		k = help
	case strings.HasPrefix(rest, "TYPE"):
		k = typ
	default:
		return none, pos
	}
	pos += len("HELP")
	if !isEnd(l.text[pos]) {
		return none, pos
	}
	return k, l.blanks(pos)
}

// description is a comment that describes a family.
type description struct {
	keyword  keyword
	name     string
	text     string // still escaped
	pos, end int    // positions of the text
}

// describe reads the comment at pos, and returns the position of the next line. If the comment
// describes no family, d has an empty name.
func (l *lexer) describe(pos int) (d description, next int, err error) {
	start := pos
	d.keyword, pos = l.keyword(pos)
	if d.keyword == none {
		return d, 0, l.errorAt(start, "found %s: allowed are lines that begin with %q, %q or %q, and samples", l.rest(start), "# HELP ", "# TYPE ", "# UNIT ")
	}
	next = pos + strings.IndexByte(l.text[pos:], '\n') + 1
	if l.text[pos] == '\n' && l.format == Text {
		return d, next, nil
	}
	name, pos, err := l.metricName(pos)
	if err != nil {
		return d, 0, err
	}
	if name == "" && l.format == Text {
		return d, 0, l.errorAt(start, "the name of a metric is empty")
	}
	if exceeds(len(name), l.limits.NameBytes) {
		return d, 0, l.errorAt(start, "%s", tooMany("the name of a metric has too many bytes", l.limits.NameBytes))
	}
	switch c := l.text[pos]; {
	case c == ' ', c == '\t' && l.format == Text:
		d.pos, d.end = l.blanks(pos), next-1
		if l.format == OpenMetrics {
			d.pos = pos + 1
		}
	case c == '\n' && l.format == Text:
		if d.keyword == typ {
			return d, next, nil // The comment states no type.
		}
		d.pos, d.end = pos, pos
	default:
		return d, 0, l.errorAt(pos, "found %s behind the name of a metric in a comment: allowed are a blank and a text", l.rest(pos))
	}
	d.name, d.text = name, l.text[d.pos:d.end]
	return d, next, nil
}
