package encode

import (
	"bytes"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// labelRefs holds the labels of a point as references to symbols. It caches the references of the
// previous point: the next one usually has the same names, and many of the same values.
type labelRefs struct {
	request uint32 // request in which the references are valid
	heads   []refHead
	n       int    // number of heads in use
	refs    []byte // references of all labels
	name    int    // position of __name__ in refs
	bound   int    // position of le or quantile in refs, or -1 if it is unknown
	last    string // name of the label whose position is bound
}

// refHead is the text before a label's value, together with the last value.
type refHead struct {
	text   []byte // in the rendering: `name="`, after a comma if it is not the first one
	name   string
	after  bool   // The label sorts after __name__.
	refs   []byte // references of name and value; only the name before the first value
	value  []byte
	ofName int // length of the name's reference
	valued bool
}

// set sets l to the labels of a point.
func (l *labelRefs) set(s *symbols, labels model.Labels) {
	if l.request != s.request {
		l.request = s.request
		for i := range l.heads {
			l.heads[i].text = l.heads[i].text[:0]
		}
	}
	l.refs, l.n, l.name, l.bound = l.refs[:0], 0, -1, -1
	rest := labels.Text()
	if labels.Quoted() || strings.IndexByte(rest, '\\') >= 0 {
		l.setSlowly(s, labels)
		return
	}
	for i := 0; rest != ""; i++ {
		if i == len(l.heads) {
			l.heads = append(l.heads, refHead{})
		}
		h := &l.heads[i]
		if n := len(h.text); n == 0 || len(rest) < n || rest[:n] != string(h.text) {
			h.set(s, rest)
		}
		rest = rest[len(h.text):]
		if n := len(h.value); h.valued && n < len(rest) && rest[n] == '"' && rest[:n] == string(h.value) {
			rest = rest[n+1:]
		} else {
			end := strings.IndexByte(rest, '"')
			h.setValue(s, rest[:end])
			rest = rest[end+1:]
		}
		if h.after && l.name < 0 {
			l.name = len(l.refs)
		}
		if len(h.value) > 0 {
			l.refs = append(l.refs, h.refs...)
		}
		l.n++
	}
	if l.name < 0 {
		l.name = len(l.refs)
	}
}

// set sets h to the name at the beginning of rest.
func (h *refHead) set(s *symbols, rest string) {
	h.text = append(h.text[:0], rest[:strings.IndexByte(rest, '"')+1]...)
	if name := bytes.TrimPrefix(h.text[:len(h.text)-len(`="`)], []byte{','}); string(name) != h.name {
		h.name = string(name)
	}
	h.after = h.name > nameLabel
	h.refs = protowire.AppendVarint(h.refs[:0], uint64(s.ref(h.name)))
	h.ofName, h.valued = len(h.refs), false
}

func (h *refHead) setValue(s *symbols, value string) {
	h.value, h.valued = append(h.value[:0], value...), true
	h.refs = protowire.AppendVarint(h.refs[:h.ofName], uint64(s.ref(value)))
}

// setSlowly is set for labels with quoted names or escaped values.
func (l *labelRefs) setSlowly(s *symbols, labels model.Labels) {
	for i := range l.heads {
		l.heads[i].text = l.heads[i].text[:0]
	}
	for c := labels.Cursor(); c.Next(); {
		if l.n == len(l.heads) {
			l.heads = append(l.heads, refHead{})
		}
		h := &l.heads[l.n]
		value := c.Value()
		h.name = strings.Clone(c.Name)
		h.after = h.name > nameLabel
		h.value = append(h.value[:0], value...)
		h.refs = protowire.AppendVarint(h.refs[:0], uint64(s.ref(c.Name)))
		h.refs = protowire.AppendVarint(h.refs, uint64(s.ref(value)))
		if h.after && l.name < 0 {
			l.name = len(l.refs)
		}
		if len(h.value) > 0 {
			l.refs = append(l.refs, h.refs...)
		}
		l.n++
	}
	if l.name < 0 {
		l.name = len(l.refs)
	}
}

// append appends references to the labels of a series, in order: the labels of the point, the name
// of the series, and the label bound if it is not nil.
func (l *labelRefs) append(buf, name []byte, bound *boundRef) []byte {
	if bound == nil {
		buf = append(buf, l.refs[:l.name]...)
		buf = append(buf, name...)
		return append(buf, l.refs[l.name:]...)
	}
	at := l.place(bound.label) // Both labels are in lower case, so they sort after __name__.
	buf = append(buf, l.refs[:l.name]...)
	buf = append(buf, name...)
	buf = append(buf, l.refs[l.name:at]...)
	buf = append(buf, bound.refs...)
	return append(buf, l.refs[at:]...)
}

// place returns the position of a label that the point does not have.
func (l *labelRefs) place(label string) int {
	if l.bound >= 0 && l.last == label {
		return l.bound
	}
	l.bound, l.last = 0, label
	for i := range l.heads[:l.n] {
		h := &l.heads[i]
		if h.name > label {
			break
		}
		if len(h.value) > 0 {
			l.bound += len(h.refs)
		}
	}
	return l.bound
}

// reset drops the state of one exposition.
func (l *labelRefs) reset() {
	l.refs, l.request, l.n, l.bound = kept(l.refs), 0, 0, -1
	for i := range l.heads {
		if cap(l.heads[i].value) > maxKept {
			l.heads = nil
			break
		}
	}
}

// boundRefs holds labels for the bounds of buckets or for quantiles.
type boundRefs struct{ all []boundRef }

// boundRef is one label of a boundRefs.
type boundRef struct {
	request uint32 // request in which refs is valid
	of      float64
	label   string
	refs    []byte
	text    []byte
}

// at returns the label of the bound with index i.
func (b *boundRefs) at(s *symbols, i int, label string, of float64) *boundRef {
	for i >= len(b.all) {
		b.all = append(b.all, boundRef{})
	}
	r := &b.all[i]
	if r.request != s.request || r.of != of && (r.of == r.of || of == of) {
		r.request, r.of, r.label = s.request, of, label
		r.text = appendFloatWithPoint(r.text[:0], of)
		r.refs = protowire.AppendVarint(r.refs[:0], uint64(s.ref(label)))
		r.refs = protowire.AppendVarint(r.refs, uint64(s.ref(string(r.text))))
	}
	return r
}
