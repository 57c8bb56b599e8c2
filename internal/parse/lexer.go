package parse

import (
	"fmt"
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// lexer reads the lines of a text format. The text ends with a line feed, so that the lexer need not
// check for the end of the text within a line.
type lexer struct {
	text   string
	format Format // Text or OpenMetrics
	limits *Limits

	exemplar line // labels of the last exemplar
}

// line is the beginning of a sample's line, up to the value.
type line struct {
	name      string // unescaped
	labels    []label
	plain     bool // The labels are rendered as in model.Labels, except for their order.
	labelsPos int  // position of the first label, if any
	valuePos  int
}

// label is a label as written, from pos to end.
type label struct {
	name     string // unescaped
	value    string // still escaped
	pos, end int
	odd      bool // The value has escape sequences that only some readers support.
}

// errorAt returns an error for position pos.
func (l *lexer) errorAt(pos int, format string, args ...any) error {
	return &Error{Format: l.format, Offset: pos, Line: 1 + strings.Count(l.text[:pos], "\n"), Reason: fmt.Sprintf(format, args...)}
}

// rest returns the rest of a line for quoting in errors.
func (l *lexer) rest(pos int) string {
	s := l.text[pos:min(len(l.text), pos+2*maxQuoted)]
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		s = s[:end]
	}
	return quote(s)
}

// blanks returns the first position at or after pos that is not a blank. OpenMetrics allows no optional
// blanks.
func (l *lexer) blanks(pos int) int {
	if l.format == OpenMetrics {
		return pos
	}
	for l.text[pos] == ' ' || l.text[pos] == '\t' {
		pos++
	}
	return pos
}

// readLine reads a sample's line up to its value.
func (l *lexer) readLine(pos int, ln *line) error {
	ln.name, ln.labels, ln.plain = "", ln.labels[:0], true
	named := l.text[pos] != '{'
	if named {
		start := pos
		var err error
		if ln.name, pos, err = l.metricName(pos); err != nil {
			return err
		}
		if ln.name == "" {
			return l.errorAt(start, "the name of a metric is empty")
		}
		pos = l.blanks(pos)
	}
	if l.text[pos] == '{' {
		var err error
		if pos, err = l.readLabels(pos+1, ln, named); err != nil {
			return err
		}
	} else {
		ln.labelsPos = pos
	}
	if l.format == OpenMetrics {
		if l.text[pos] != ' ' {
			return l.errorAt(pos, "found %s after the name and labels: allowed is a blank, followed by a number", l.rest(pos))
		}
		pos++
	} else {
		pos = l.blanks(pos)
	}
	ln.valuePos = pos
	return nil
}

// metricName reads a metric name, which may be in quotes.
func (l *lexer) metricName(pos int) (name string, end int, err error) {
	if l.text[pos] == '"' {
		name, _, end, err = l.quotedName(pos)
		if err != nil {
			return "", 0, err
		}
		return name, end, l.checkMetricName(name, pos)
	}
	end = pos
	for isNameByte(l.text[end]) || l.text[end] == ':' {
		end++
	}
	if end == pos || l.text[pos]-'0' <= 9 {
		return "", 0, l.errorAt(pos, "found %s where the name of a metric should be: allowed are letters, digits, underscores and colons, no digit first, "+
			"and other names in quotes in braces", l.rest(pos))
	}
	return l.text[pos:end], end, nil
}

func (l *lexer) checkMetricName(name string, pos int) error {
	if err := model.CheckName(name); err != nil {
		return l.errorAt(pos, "the name of a metric %s is not allowed: names are UTF-8 without NUL bytes", quote(name))
	}
	return nil
}

// readLabels reads the contents of the braces of a sample. pos is the position after the opening brace.
func (l *lexer) readLabels(pos int, ln *line, named bool) (end int, err error) {
	ln.labelsPos = pos
	for first := true; ; first = false {
		if at := l.blanks(pos); at != pos {
			pos, ln.plain = at, false
		}
		if l.text[pos] == '}' {
			// The grammar allows a comma after the last label.
			ln.plain = ln.plain && (first || l.text[pos-1] != ',')
			break
		}
		var lb label
		if lb.pos = pos; l.text[pos] == '"' {
			var canonical bool
			if lb.name, canonical, pos, err = l.quotedName(pos); err != nil {
				return 0, err
			}
			ln.plain = ln.plain && canonical
		} else if lb.name, pos, err = l.bareLabelName(pos); err != nil {
			return 0, err
		}
		at := l.blanks(pos)
		if c := l.text[at]; l.text[lb.pos] == '"' && (c == ',' || c == '}') {
			if named {
				return 0, l.errorAt(lb.pos, "found a second name, %s: only one is allowed", quote(lb.name))
			}
			if ln.name, named = lb.name, true; lb.name == "" {
				return 0, l.errorAt(lb.pos, "the name of a metric is empty")
			}
			if err := l.checkMetricName(lb.name, lb.pos); err != nil {
				return 0, err
			}
			if pos = at; c == ',' {
				pos++
			}
			if first {
				ln.labelsPos = pos
			} else {
				ln.plain = false
			}
			continue
		}
		if l.text[lb.pos] == '"' && model.IsLegacyLabelName(lb.name) {
			ln.plain = false // The name needs no quotes.
		}
		ln.plain = ln.plain && at == pos
		if pos, err = l.labelValue(at, ln, lb); err != nil {
			return 0, err
		}
		if exceeds(len(ln.labels), l.limits.Labels) {
			return 0, l.errorAt(ln.labelsPos, "%s", tooMany("too many labels", l.limits.Labels))
		}
	}
	if !named {
		return 0, l.errorAt(ln.labelsPos, "a sample has no name: it must stand before the braces, or in quotes in them")
	}
	if exceeds(pos-ln.labelsPos, l.limits.LabelBytes) {
		return 0, l.errorAt(ln.labelsPos, "%s", tooMany("the labels have too many bytes", l.limits.LabelBytes))
	}
	return pos + 1, nil
}

// labelValue reads the text after a label's name: the equals sign, the value and the optional comma
// after it. It adds the label to ln.
func (l *lexer) labelValue(pos int, ln *line, lb label) (end int, err error) {
	if l.text[pos] != '=' {
		return 0, l.errorAt(pos, "found %s behind the label name %s: allowed is an equals sign and a value in quotes", l.rest(pos), quote(lb.name))
	}
	at := l.blanks(pos + 1)
	ln.plain = ln.plain && at == pos+1
	if l.text[at] != '"' {
		return 0, l.errorAt(at, "found %s where the value of the label %s should be: values are in quotes", l.rest(at), quote(lb.name))
	}
	start := at + 1
	end, canonical, ok := l.quotedEnd(start)
	if !ok {
		return 0, l.errorAt(at, "the value of the label %s has no closing quote in its line, or is not UTF-8", quote(lb.name))
	}
	lb.value, lb.odd, lb.end = l.text[start:end], !canonical, end+1
	ln.plain = ln.plain && canonical
	ln.labels = append(ln.labels, lb)
	pos = end + 1
	at = l.blanks(pos)
	switch l.text[at] {
	case ',':
		ln.plain = ln.plain && at == pos
		return at + 1, nil
	case '}':
		ln.plain = ln.plain && at == pos
		return at, nil
	default:
		return 0, l.errorAt(at, "found %s behind the label %s: allowed are a comma and a closing brace", l.rest(at), quote(lb.name))
	}
}

func (l *lexer) bareLabelName(pos int) (name string, end int, err error) {
	end = pos
	for isNameByte(l.text[end]) {
		end++
	}
	if end == pos || l.text[pos]-'0' <= 9 {
		return "", 0, l.errorAt(pos, "found %s where the name of a label should be: allowed are letters, digits and underscores, no digit first, "+
			"and other names in quotes", l.rest(pos))
	}
	return l.text[pos:end], end, nil
}
