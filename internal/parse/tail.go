package parse

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
)

// tail is the end of a sample's line.
type tail struct {
	value        float64
	pos, end     int // Of the value as written.
	timestampMs  int64
	hasTimestamp bool
	exemplar     int // Where the labels of an exemplar begin, if it is not zero.
}

// readTail reads a sample's line from its value on, and returns where the next line begins.
func (l *lexer) readTail(pos int, t *tail) (next int, err error) {
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok {
		return 0, l.errorAt(pos, "found %s where the value has to be: allowed are decimal numbers, NaN, +Inf and -Inf", l.rest(pos))
	}
	t.value, t.pos, t.end = v, pos, pos+n
	t.hasTimestamp, t.exemplar = false, 0
	if l.text[t.end] == '\n' {
		return t.end + 1, nil
	}
	if l.format == OpenMetrics {
		return l.readOpenMetricsTail(t)
	}
	if pos = l.blanks(t.end); l.text[pos] == '\n' {
		return pos + 1, nil
	}
	end := pos + strings.IndexAny(l.text[pos:], " \t\n")
	t.timestampMs, err = strconv.ParseInt(l.text[pos:end], 10, 64)
	if err != nil {
		return 0, l.errorAt(pos, "found %s where the timestamp has to be: allowed is a whole number of milliseconds", l.rest(pos))
	}
	t.hasTimestamp = true
	if pos = l.blanks(end); l.text[pos] != '\n' {
		return 0, l.errorAt(pos, "found %s behind the timestamp: the line has to end there", l.rest(pos))
	}
	return pos + 1, nil
}

const exemplarMark = " # {"

func (l *lexer) readOpenMetricsTail(t *tail) (next int, err error) {
	pos := t.end
	if !strings.HasPrefix(l.text[pos:], exemplarMark) && l.text[pos] == ' ' {
		if t.timestampMs, pos, err = l.seconds(pos + 1); err != nil {
			return 0, err
		}
		t.hasTimestamp = true
	}
	if strings.HasPrefix(l.text[pos:], exemplarMark) {
		t.exemplar = pos + len(exemplarMark)
		if pos, err = l.skipExemplar(t.exemplar); err != nil {
			return 0, err
		}
	}
	if l.text[pos] != '\n' {
		return 0, l.errorAt(pos, "found %s at the end of a line: allowed behind the value are a blank and a timestamp, and an exemplar like %s",
			l.rest(pos), strconv.Quote(` # {trace_id="1"} 0.5`))
	}
	return pos + 1, nil
}

// seconds reads a timestamp of OpenMetrics, as milliseconds.
func (l *lexer) seconds(pos int) (ms int64, end int, err error) {
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, 0, l.errorAt(pos, "found %s where the timestamp has to be: allowed is a number of seconds", l.rest(pos))
	}
	// The conversion of a float that does not fit depends on the machine.
	ms = int64(max(min(math.Round(v*1000), 1<<62), -1<<62))
	return ms, pos + n, nil
}

// skipExemplar checks the syntax of an exemplar, from its first label on.
func (l *lexer) skipExemplar(pos int) (end int, err error) {
	_, end, err = l.readExemplar(pos)
	return end, err
}

// readExemplar reads an exemplar from its first label on. Its labels are in l.exemplar.
func (l *lexer) readExemplar(pos int) (e model.Exemplar, end int, err error) {
	ln := &l.exemplar
	ln.labels = ln.labels[:0]
	// It has no name, and may not have one.
	if pos, err = l.readLabels(pos, ln, true); err != nil {
		return e, 0, err
	}
	if l.text[pos] != ' ' {
		return e, 0, l.errorAt(pos, "found %s behind the labels of an exemplar: allowed are a blank and a number", l.rest(pos))
	}
	pos++
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok {
		return e, 0, l.errorAt(pos, "found %s where the value of an exemplar has to be: allowed is a number", l.rest(pos))
	}
	e.Value = v
	if pos += n; l.text[pos] == ' ' {
		start := pos + 1
		if _, pos, err = l.seconds(start); err != nil {
			return e, 0, err
		}
		e.Timestamp = instantOf(l.text[start:], pos-start)
	}
	return e, pos, nil
}

// exemplars checks and makes exemplars.
type exemplars struct {
	make   bool // They are wanted, not only checked.
	labels []model.Label
	text   []byte
	bad    error // Why one was left out, as the rest of a sentence.
}

// finish returns an exemplar with e's value and timestamp and x.labels. It returns nil if there
// is none to return.
func (x *exemplars) finish(e *model.Exemplar) *model.Exemplar {
	runes := 0
	for i := range x.labels {
		runes += utf8.RuneCountInString(x.labels[i].Name) + utf8.RuneCountInString(x.labels[i].Value)
	}
	if runes > maxExemplarRunes {
		x.refuse(fmt.Errorf("has an exemplar whose labels have %d characters: at most %d are allowed", runes, maxExemplarRunes))
		return nil
	}
	var err error
	var l model.Labels
	if x.text, l, err = model.AppendLabels(x.text[:0], x.labels); err != nil {
		x.refuse(fmt.Errorf("has an exemplar with %w", err))
		return nil
	}
	if !x.make {
		return nil
	}
	return &model.Exemplar{Labels: l.Keep(), Value: e.Value, Timestamp: e.Timestamp}
}

func (x *exemplars) refuse(err error) {
	if x.bad == nil {
		x.bad = err
	}
}

// maxExemplarRunes is how many characters the labels of an exemplar may have, by the rules of
// OpenMetrics; Prometheus does not store others.
const maxExemplarRunes = 128
