package parse

import (
	"math"
	"strconv"
	"strings"
)

// tail is the end of a sample's line.
type tail struct {
	value        float64
	pos, end     int // positions of the value as written
	timestampMs  int64
	hasTimestamp bool
	exemplar     int // position of the labels of an exemplar, or 0
}

// readTail reads a sample's line from its value on, and returns the start of the next line.
func (l *lexer) readTail(pos int, t *tail) (next int, err error) {
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok {
		return 0, l.errorAt(pos, "found %s where the value should be: allowed are decimal numbers, NaN, +Inf and -Inf", l.rest(pos))
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
		return 0, l.errorAt(pos, "found %s where the timestamp should be: allowed is a whole number of milliseconds", l.rest(pos))
	}
	t.hasTimestamp = true
	if pos = l.blanks(end); l.text[pos] != '\n' {
		return 0, l.errorAt(pos, "found %s behind the timestamp: the line must end there", l.rest(pos))
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

// seconds reads an OpenMetrics timestamp and converts it to milliseconds.
func (l *lexer) seconds(pos int) (ms int64, end int, err error) {
	v, n, ok := leadingFloat(l.text[pos:])
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, 0, l.errorAt(pos, "found %s where the timestamp should be: allowed is a number of seconds", l.rest(pos))
	}
	// The result of converting a float that is out of range depends on the machine.
	ms = int64(max(min(math.Round(v*1000), 1<<62), -1<<62))
	return ms, pos + n, nil
}
