package encode

import "github.com/luxfi/metric/internal/model"

// sampleName is the name of a family's samples, ready to be copied to the line of
// each. A name that is not a legacy name stands in the braces, in quotes.
type sampleName struct {
	bare []byte // Without labels: `name ` or `{"name"} `.
	open []byte // With labels to follow: `name{` or `{"name",`.
}

func (n *sampleName) set(name, suffix string, legacy bool) {
	if legacy {
		n.bare = appendTexts(n.bare[:0], name, suffix, " ")
		n.open = appendTexts(n.open[:0], name, suffix, "{")
		return
	}
	n.open = model.AppendEscaped(append(n.open[:0], `{"`...), name)
	n.bare = appendTexts(append(n.bare[:0], n.open...), suffix, `"} `)
	n.open = appendTexts(n.open, suffix, `",`)
}

// appendTexts is for what is written once for a family: each append in place takes 100 bytes of code.
func appendTexts(buf []byte, texts ...string) []byte {
	for _, text := range texts {
		buf = append(buf, text...)
	}
	return buf
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
