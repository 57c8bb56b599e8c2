package parse

import (
	"cmp"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// protobufLabels renders the labels of a metric while it reads them. Successive series usually have the
// same names. In that case it examines only the values.
type protobufLabels struct {
	limits *Limits
	list   []model.Label // labels of the metric
	text   []byte        // rendering so far, while same holds
	same   bool          // whether the names so far are the same as in the previous series
	empty  bool          // At least one value is empty.
	fault  error         // reason why the labels cannot be served; continues a sentence

	starts []int // starts of the label pairs of this series

	// The names of the last series that differed from its predecessor, if they were sorted.
	heads    []labelHead
	literals model.Names // texts rendered before each value
	literal  []byte      // memory of literals
	quoted   bool
}

var errLabelNotUTF8 = errors.New("a label has a name or a value that is not UTF-8")

func (l *protobufLabels) forget() { l.heads, l.literals, l.quoted = l.heads[:0], l.literals[:0], false }

// begin begins a metric whose labels are rendered into s.
func (l *protobufLabels) begin(s *model.Scratch) {
	l.list, l.text, l.starts = l.list[:0], s.Text[:0], l.starts[:0]
	l.same, l.empty, l.fault = true, false, nil
}

// read reads a label.
func (l *protobufLabels) read(m *wire) error {
	i := len(l.list)
	if exceeds(i+1, l.limits.Labels) {
		return errors.New(tooMany("too many labels", l.limits.Labels))
	}
	l.starts = append(l.starts, m.pos)
	var (
		label model.Label
		known bool // whether the previous series has the same name here
	)
	if l.same && i < len(l.heads) {
		label.Name = l.heads[i].name
		label.Value, known = l.heads[i].value(m)
	}
	if !known {
		var err error
		if label.Name, label.Value, err = readLabel(m); err != nil {
			return err
		}
		known = l.same && i < len(l.heads) && l.heads[i].name == label.Name
	}
	l.list = append(l.list, label)
	value := label.Value
	l.empty = l.empty || value == ""
	plain := model.IsPlain(value)
	if !plain && !utf8.ValidString(value) {
		return errLabelNotUTF8
	}
	if l.same = known; !known {
		return nil
	}
	l.text = append(l.text, l.literals[i]...)
	if plain {
		l.text = append(l.text, value...)
	} else {
		l.text = model.AppendEscaped(l.text, value)
	}
	return nil
}

// labelHead is the beginning of the label pairs of one name on the wire.
type labelHead struct {
	name string
	wire string // bytes after the length of the pair, up to and including the length of the value
}

// newLabelHead returns the head of a pair, which is written with its length before it. If the pair has
// an unusual encoding, the head matches no pair.
func newLabelHead(name, written string) labelHead {
	h := labelHead{name: name}
	const before = "LTN" // length of the pair, tag of the name and length of the name
	if end := len(before) + len(name); len(name) < 0x80 && end < len(written) && written[0] < 0x80 &&
		written[1] == labelName && int(written[2]) == len(name) && written[len(before):end] == name && written[end] == labelValue {
		h.wire = written[1 : end+1]
	}
	return h
}

// value reads a label pair and returns its value, if the pair has the name of h and less than 128
// bytes.
func (h *labelHead) value(m *wire) (value string, ok bool) {
	s := m.text[m.pos:m.end]
	n := len(h.wire)
	if n == 0 || len(s) < n+2 || s[1:n+1] != h.wire {
		return "", false
	}
	size, length := int(s[0]), int(s[n+1])
	if size != n+1+length || size >= 0x80 || len(s) <= size {
		return "", false
	}
	m.pos += size + 1
	return s[n+2 : size+1], true
}

// finish returns the labels of m, and reports whether they have the names of the previous metric and no
// empty values. It sets l.fault if they cannot be served.
func (l *protobufLabels) finish(m *wire, s *model.Scratch) (labels model.Labels, alike bool, err error) {
	if len(l.list) == 0 {
		l.forget()
		return model.Labels{}, false, nil
	}
	if l.same && len(l.list) == len(l.heads) {
		l.text = append(l.text, '"')
		s.Text = l.text
		labels, alike = model.VolatileLabels(s.Text, l.quoted), !l.empty
	} else if labels, err = l.render(m, s); err != nil {
		return model.Labels{}, false, err
	}
	if exceeds(len(s.Text), l.limits.LabelBytes) {
		return model.Labels{}, false, errors.New(tooMany("the labels have too many bytes", l.limits.LabelBytes))
	}
	return labels, alike, nil
}

// render renders labels if their names differ from the names in the previous series.
func (l *protobufLabels) render(m *wire, s *model.Scratch) (labels model.Labels, err error) {
	l.forget()
	ascending := true
	for i := range l.list {
		if !utf8.ValidString(l.list[i].Name) {
			return model.Labels{}, errLabelNotUTF8
		}
		ascending = ascending && (i == 0 || l.list[i-1].Name < l.list[i].Name)
	}
	if !ascending {
		sortPairs(l.list)
	}
	s.Text, labels, err = model.AppendLabels(s.Text[:0], l.list)
	if err != nil {
		l.fault = fmt.Errorf("has %w", err)
		return model.Labels{}, nil
	}
	if ascending {
		for i := range l.list {
			l.heads = append(l.heads, newLabelHead(l.list[i].Name, m.text[l.starts[i]:m.end]))
		}
		l.literal, l.quoted = append(l.literal[:0], s.Text...), labels.Quoted()
		l.literals = model.VolatileLabels(l.literal, l.quoted).AppendNames(l.literals)
	}
	return labels, nil
}

// sortPairs sorts a few labels without allocating.
func sortPairs(labels []model.Label) {
	if len(labels) > 16 {
		order.By(labels, func(a, b model.Label) int { return cmp.Compare(a.Name, b.Name) })
		return
	}
	for i := range labels {
		for j := i; j > 0 && labels[j].Name < labels[j-1].Name; j-- {
			labels[j], labels[j-1] = labels[j-1], labels[j]
		}
	}
}

// readLabel reads a label.
func readLabel(m *wire) (name, value string, err error) {
	n, err := m.message()
	if err != nil {
		return "", "", err
	}
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return "", "", err
		}
		switch tag {
		case labelName:
			name, err = n.string()
		case labelValue:
			value, err = n.string()
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return "", "", err
		}
	}
	return name, value, nil
}
