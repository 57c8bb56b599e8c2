package encode

import (
	"bytes"
	"fmt"
	"strconv"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
)

// escaper turns names that are not legacy names into such, as
// common.EscapeMetricFamily does.
type escaper struct {
	scheme common.EscapingScheme
	buf    []byte
	names  []span // Of the names in buf.
}

type span struct{ start, end int }

// reset gives up what belongs to one exposition.
func (e *escaper) reset() {
	e.buf = kept(e.buf)
}

// name returns the escaped form of a metric name.
func (e *escaper) name(name string) string {
	if e.scheme == common.NoEscaping || model.IsLegacyName(name) {
		return name
	}
	return string(appendEscapedName(nil, name, e.scheme, isLegacyRune))
}

// labels returns l with its names escaped, in the order that they had. The result
// is valid until the next call.
func (e *escaper) labels(l model.Labels) (model.Labels, error) {
	buf, names := e.buf[:0], e.names[:0]
	for c := l.Cursor(); c.Next(); {
		if len(buf) > 0 {
			buf = append(buf, ',')
		}
		start := len(buf)
		if model.IsLegacyLabelName(c.Name) {
			buf = append(buf, c.Name...)
		} else {
			buf = appendEscapedName(buf, c.Name, e.scheme, isLegacyLabelRune)
		}
		names = append(names, span{start, len(buf)})
		buf = append(buf, '=', '"')
		buf = append(buf, c.RawValue...)
		buf = append(buf, '"')
	}
	e.buf, e.names = buf, names
	if twin, ok := e.twin(); ok {
		return model.Labels{}, fmt.Errorf("two or more labels are named %s after escaping", twin)
	}
	return model.VolatileLabels(buf, false), nil
}

// twin returns a name that occurs twice, which can happen when different names
// have the same escaped form.
func (e *escaper) twin() ([]byte, bool) {
	for i, a := range e.names {
		for _, b := range e.names[:i] {
			if name := e.buf[a.start:a.end]; bytes.Equal(name, e.buf[b.start:b.end]) {
				return name, true
			}
		}
	}
	return nil, false
}

// appendEscapedName appends what common.EscapeName returns for a name that is not
// a legacy name, as isLegacy tells of its runes.
func appendEscapedName(buf []byte, name string, scheme common.EscapingScheme, isLegacy func(r rune, i int) bool) []byte {
	if scheme == common.ValueEncodingEscaping {
		buf = append(buf, "U__"...)
	}
	for i, r := range name {
		switch {
		case r == '_' && scheme != common.UnderscoreEscaping:
			buf = append(buf, "__"...)
		case isLegacy(r, i):
			buf = append(buf, byte(r))
		default:
			buf = appendEscapedRune(buf, r, scheme)
		}
	}
	return buf
}

func appendEscapedRune(buf []byte, r rune, scheme common.EscapingScheme) []byte {
	switch scheme {
	case common.UnderscoreEscaping:
		return append(buf, '_')
	case common.DotsEscaping:
		if r == '.' {
			return append(buf, "_dot_"...)
		}
		return append(buf, "__"...)
	case common.ValueEncodingEscaping:
		buf = append(buf, '_')
		buf = strconv.AppendInt(buf, int64(r), 16)
		return append(buf, '_')
	default:
		panic("BUG: encode: unknown escaping scheme")
	}
}

// isLegacyLabelRune tells whether r may stand at byte i of a legacy label name. Unlike
// common.EscapeName, it knows that a colon may not: Prometheus would refuse the scrape.
func isLegacyLabelRune(r rune, i int) bool { return r != ':' && isLegacyRune(r, i) }

// isLegacyRune tells whether r may stand at byte i of a legacy metric name.
func isLegacyRune(r rune, i int) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ':':
		return true
	default:
		return '0' <= r && r <= '9' && i > 0
	}
}
