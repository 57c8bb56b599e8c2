package encode

import "github.com/luxfi/metric/internal/model"

// sampleName is the name of a family's samples, ready to be copied to the line of
// each. A name that is not a legacy name stands in the braces, in quotes.
type sampleName struct {
	bare []byte // Without labels: `name ` or `{"name"} `.
	open []byte // With labels to follow: `name{` or `{"name",`.
}

func (n *sampleName) set(name, suffix string, legacy bool) {
	n.open = n.open[:0]
	if legacy {
		n.open = append(n.open, name...)
		n.open = append(n.open, suffix...)
		n.bare = append(n.bare[:0], n.open...)
		n.bare = append(n.bare, ' ')
		n.open = append(n.open, '{')
		return
	}
	n.open = append(n.open, '{', '"')
	n.open = model.AppendEscaped(n.open, name)
	n.open = append(n.open, suffix...)
	n.open = append(n.open, '"')
	n.bare = append(n.bare[:0], n.open...)
	n.bare = append(n.bare, '}', ' ')
	n.open = append(n.open, ',')
}

// appendSeries appends everything that stands in front of a sample's value.
func (n *sampleName) appendSeries(buf []byte, labels string) []byte {
	if labels == "" {
		return append(buf, n.bare...)
	}
	buf = append(buf, n.open...)
	buf = append(buf, labels...)
	return append(buf, '}', ' ')
}

// appendOpen appends everything up to where another label is to follow.
func (n *sampleName) appendOpen(buf []byte, labels string) []byte {
	buf = append(buf, n.open...)
	if labels == "" {
		return buf
	}
	buf = append(buf, labels...)
	return append(buf, ',')
}
