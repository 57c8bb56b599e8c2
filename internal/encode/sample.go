package encode

import "github.com/luxfi/metric/internal/model"

// sampleName is the name of a family's samples, ready to be copied to each line. A name that is not a
// legacy name is in the braces, in quotes.
type sampleName struct {
	bare []byte // without labels: `name ` or `{"name"} `
	open []byte // before labels: `name{` or `{"name",`
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

// appendTexts appends texts that are written once for a family. A call saves code: each append in place
// takes 100 bytes.
func appendTexts(buf []byte, texts ...string) []byte {
	for _, text := range texts {
		buf = append(buf, text...)
	}
	return buf
}

// appendSeries appends everything that precedes a sample's value.
func (n *sampleName) appendSeries(buf []byte, labels string) []byte {
	if labels == "" {
		return append(buf, n.bare...)
	}
	buf = append(buf, n.open...)
	buf = append(buf, labels...)
	return append(buf, '}', ' ')
}

// appendOpen appends everything up to the place of another label.
func (n *sampleName) appendOpen(buf []byte, labels string) []byte {
	buf = append(buf, n.open...)
	if labels == "" {
		return buf
	}
	buf = append(buf, labels...)
	return append(buf, ',')
}
