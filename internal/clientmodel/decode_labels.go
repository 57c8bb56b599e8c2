package clientmodel

import (
	"fmt"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

// labelDecoder renders label pairs. Successive metrics usually have the same label names. In that case
// the decoder examines only the values, which takes half of the time.
type labelDecoder struct {
	labels []model.Label
	text   []byte // last rendering

	// names holds the texts before each value in the last rendering, as in code=",method=", and ends
	// holds the ends of these texts. Both are empty if some name was in quotes or the labels were not
	// sorted.
	names    []byte
	ends     []int
	reserved string // name that was reserved in the last call
}

// Renewed returns a decoder that takes over the label memory of d, unless that is larger than most
// metrics need. d must not be used afterwards.
func (d *Decoder) Renewed() Decoder {
	const maxLabels, maxText = 64, 4 << 10
	l := &d.labels
	if cap(l.labels) > maxLabels || cap(l.text)+cap(l.names) > maxText {
		return Decoder{}
	}
	clear(l.labels[:cap(l.labels)]) // Do not keep the strings of other code alive.
	return Decoder{labels: *l}
}

// decode renders labels. It returns an error if one has the name reserved. The result is valid until
// the next call.
func (d *labelDecoder) decode(pairs []*dto.LabelPair, reserved string) (model.Labels, error) {
	if len(pairs) == 0 {
		return model.Labels{}, nil
	}
	if d.labels == nil {
		d.labels, d.text, d.names = make([]model.Label, 0, 8), make([]byte, 0, 256), make([]byte, 0, 128) // Enough for most metrics.
	}
	if len(pairs) == len(d.ends) && reserved == d.reserved {
		if l, ok := d.decodeValues(pairs); ok {
			return l, nil
		}
	}
	d.labels, d.ends = d.labels[:0], d.ends[:0]
	for _, pair := range pairs {
		if reserved != "" && pair.GetName() == reserved {
			return model.Labels{}, fmt.Errorf("must not have an explicit %q label", reserved)
		}
		d.labels = append(d.labels, model.Label{Name: pair.GetName(), Value: pair.GetValue()})
	}
	var (
		l   model.Labels
		err error
	)
	d.text, l, err = model.AppendLabels(d.text[:0], d.labels)
	if err != nil {
		return model.Labels{}, fmt.Errorf("has %w", err)
	}
	if !l.Quoted() {
		d.remember(pairs, reserved)
	}
	return l, nil
}

// decodeValues is decode for labels with the names of the previous call. It reports whether they have
// these names and valid values.
func (d *labelDecoder) decodeValues(pairs []*dto.LabelPair) (model.Labels, bool) {
	text, start := d.text[:0], 0
	for i, pair := range pairs {
		part, value := d.names[start:d.ends[i]], pair.GetValue()
		if string(part[min(i, 1):len(part)-len(`="`)]) != pair.GetName() {
			return model.Labels{}, false
		}
		text = append(text, part...)
		switch {
		case model.IsPlain(value):
			text = append(text, value...)
		case utf8.ValidString(value):
			text = model.AppendEscaped(text, value)
		default:
			return model.Labels{}, false
		}
		text = append(text, '"')
		start = d.ends[i]
	}
	d.text = text
	return model.VolatileLabels(text, false), true
}

// remember stores copies of the names of pairs if they are sorted.
func (d *labelDecoder) remember(pairs []*dto.LabelPair, reserved string) {
	d.names, d.reserved = d.names[:0], reserved
	for i, pair := range pairs {
		if pair.GetName() != d.labels[i].Name { // The decoder's labels are sorted now.
			d.ends = d.ends[:0]
			return
		}
		if i > 0 {
			d.names = append(d.names, ',')
		}
		d.names = append(append(d.names, pair.GetName()...), '=', '"')
		d.ends = append(d.ends, len(d.names))
	}
}
