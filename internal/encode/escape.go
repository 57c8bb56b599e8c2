package encode

import (
	"bytes"
	"fmt"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// escaper escapes names that are not legacy names, as common.EscapeMetricFamily does.
type escaper struct {
	scheme common.EscapingScheme
	buf    []byte
	names  []span // positions of the names in buf
}

type span struct{ start, end int }

// reset drops the state of one exposition.
func (e *escaper) reset() {
	e.buf = kept(e.buf)
}

// name returns the escaped form of a metric name.
func (e *escaper) name(name string) string {
	return naming.Scheme{Escaping: e.scheme}.Name(name)
}

// labels returns l with its names escaped, in the original order. The result is valid until the next
// call.
func (e *escaper) labels(l model.Labels) (model.Labels, error) {
	buf, names, scheme := e.buf[:0], e.names[:0], naming.Scheme{Escaping: e.scheme}
	for c := l.Cursor(); c.Next(); {
		if len(buf) > 0 {
			buf = append(buf, ',')
		}
		start := len(buf)
		buf = scheme.AppendLabelName(buf, c.Name)
		names = append(names, span{start, len(buf)})
		buf = append(buf, '=', '"')
		buf = append(buf, c.RawValue...)
		buf = append(buf, '"')
	}
	e.buf, e.names = buf, names
	if name, ok := e.duplicate(); ok {
		return model.Labels{}, fmt.Errorf("two or more labels are named %s after escaping", name)
	}
	return model.VolatileLabels(buf, false), nil
}

// exemplar returns the labels of an exemplar as they must be written, and reports whether the exemplar
// can be written. The result is valid until the next call.
func (e *escaper) exemplar(x *model.Exemplar) (labels model.Labels, ok bool) {
	if !x.Labels.Quoted() || e.scheme == common.NoEscaping {
		return x.Labels, true
	}
	labels, err := e.labels(x.Labels)
	return labels, err == nil
}

// duplicate returns a name that occurs twice, because different names have the same escaped form.
func (e *escaper) duplicate() ([]byte, bool) {
	for i, a := range e.names {
		for _, b := range e.names[:i] {
			if name := e.buf[a.start:a.end]; bytes.Equal(name, e.buf[b.start:b.end]) {
				return name, true
			}
		}
	}
	return nil, false
}
