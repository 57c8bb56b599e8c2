package writebody

import "google.golang.org/protobuf/encoding/protowire"

// The values of the protobuf enumeration MetricType for the types whose series have suffixes.
const (
	typeHistogram      = 3
	typeGaugeHistogram = 4
	typeSummary        = 5
)

// families builds the metadata of a request. In version 1.0, a request describes families instead of series.
type families struct {
	metadata []byte // encoded fields of the request

	// index numbers the family names of all requests, up to maxFamilies. By that number, lastIn has the
	// latest request that described the family. Known names take no further memory, whereas a new map for
	// each request would.
	index   map[string]int
	lastIn  []uint64
	request uint64
}

// maxFamilies is the number of names in index after which begin empties it.
const maxFamilies = 100_000

// begin begins a request.
func (f *families) begin() {
	f.metadata = f.metadata[:0]
	f.request++
	if f.index == nil || len(f.lastIn) > maxFamilies {
		f.index = map[string]int{}
		f.lastIn = f.lastIn[:0]
	}
}

// isNew reports whether this request has not described the family yet.
func (f *families) isNew(name []byte) bool {
	i, ok := f.index[string(name)]
	if !ok {
		i = len(f.lastIn)
		f.index[string(name)] = i
		f.lastIn = append(f.lastIn, 0)
	}
	isNew := f.lastIn[i] != f.request
	f.lastIn[i] = f.request
	return isNew
}

// describe describes the family of the series with the labels in d.refs and the metadata info, unless
// this request has already described it.
func (d *Downgrader) describe(info []byte) error {
	name := d.labelValue(nameLabel)
	if name == nil || name.described {
		return nil
	}
	name.described = true
	m, err := d.readMetadata(info)
	if err != nil || m == (metadata{}) {
		return err
	}
	family := name.text()
	if m.typ != typeSummary || d.labelValue(quantileLabel) == nil {
		family = withoutSuffix(family, m.typ)
	}
	if d.isNew(family) {
		d.writeMetadata(family, m)
	}
	return nil
}

// The names of labels, with their length in front, as in symbol.field.
const (
	nameLabel     = "\x08__name__"
	quantileLabel = "\x08quantile"
)

// labelValue returns the value of a label of the series, or nil if it has no such label.
func (d *Downgrader) labelValue(name string) *symbol {
	for i := 0; i+1 < len(d.refs); i += 2 {
		if string(d.symbols[d.refs[i]].field) == name {
			return &d.symbols[d.refs[i+1]]
		}
	}
	return nil
}

// withoutSuffix returns the name of the family to which a series belongs.
func withoutSuffix(name []byte, typ uint64) []byte {
	var suffixes []string
	switch typ {
	case typeHistogram:
		suffixes = []string{"_bucket", "_count", "_sum"}
	case typeGaugeHistogram:
		suffixes = []string{"_bucket", "_gcount", "_gsum", "_count", "_sum"}
	case typeSummary:
		suffixes = []string{"_count", "_sum"}
	}
	for _, suffix := range suffixes {
		if n := len(name) - len(suffix); n > 0 && string(name[n:]) == suffix {
			return name[:n]
		}
	}
	return name
}

// metadata is the metadata of a series. Help and unit are references to symbols.
type metadata struct{ typ, help, unit uint64 }

func (d *Downgrader) readMetadata(info []byte) (m metadata, err error) {
	var f field
	for len(info) > 0 {
		if info, err = f.next(info); err != nil {
			return m, err
		}
		var to *uint64
		switch f.num {
		case v2MetadataType:
			to = &m.typ
		case v2MetadataHelp:
			to = &m.help
		case v2MetadataUnit:
			to = &m.unit
		default:
			continue
		}
		if err := f.is(protowire.VarintType); err != nil {
			return m, err
		}
		*to = f.bits
	}
	if last := uint64(len(d.symbols)); m.help > 0 && m.help >= last || m.unit > 0 && m.unit >= last {
		return m, errSymbol
	}
	return m, nil
}

func (d *Downgrader) writeMetadata(family []byte, m metadata) {
	buf := open(d.metadata, v1Metadata, shortGuess)
	start := len(buf)
	if m.typ != 0 {
		buf = protowire.AppendVarint(append(buf, v1MetadataType<<3|byte(protowire.VarintType)), m.typ)
	}
	buf = appendBytes(buf, v1MetadataFamily, family)
	if m.help != 0 {
		buf = append(append(buf, v1MetadataHelp<<3|byte(protowire.BytesType)), d.symbols[m.help].field...)
	}
	if m.unit != 0 {
		buf = append(append(buf, v1MetadataUnit<<3|byte(protowire.BytesType)), d.symbols[m.unit].field...)
	}
	d.metadata = closed(buf, start, shortGuess)
}
