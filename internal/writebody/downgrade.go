package writebody

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/writereq"
)

// The field numbers of both versions. The sources are the files
// prompb/io/prometheus/write/v2/types.proto, prompb/remote.proto and prompb/types.proto of Prometheus.
const (
	v2Symbols, v2TimeSeries = 4, 5

	v2LabelRefs, v2Samples, v2Histograms, v2Exemplars, v2Metadata = 1, 2, 3, 4, 5

	v2MetadataType, v2MetadataHelp, v2MetadataUnit = 1, 3, 4

	v1TimeSeries, v1Metadata = 1, 3

	v1Labels, v1Samples, v1Exemplars, v1Histograms = 1, 2, 3, 4

	v1LabelName, v1LabelValue = 1, 2

	v1MetadataType, v1MetadataFamily, v1MetadataHelp, v1MetadataUnit = 1, 2, 4, 5

	// Samples and exemplars have the same field numbers in both versions.
	numExemplarLabels, numExemplarValue, numExemplarTimestamp = 1, 2, 3
	numSampleValue, numSampleTimestamp, numSampleStart        = 1, 2, 3

	// Histograms also have the same ones, but version 1.0 lacks custom buckets and start timestamps.
	numHistogramSchema, numHistogramCustomValues, numHistogramStart = 4, 16, 17

	minSchema, maxSchema = -4, 8
)

// maxDowngraded is the maximum size of a request of version 1.0. Without a limit, a damaged request of
// version 2.0 could become terabytes, because it may refer to a long symbol any number of times.
const maxDowngraded = 128 << 20

var (
	errSymbol    = errors.New("writebody: a request of version 2.0 refers to a symbol that it does not have")
	errOddLabels = errors.New("writebody: a request of version 2.0 has a label without a value")
	errTooLarge  = fmt.Errorf("writebody: a request of version 1.0 would have more than %d bytes", maxDowngraded)
)

// Downgrader converts requests of version 2.0 to version 1.0. It reuses its memory. The zero value is
// ready to use, by one goroutine at a time.
type Downgrader struct {
	symbols []symbol
	refs    []uint32 // label references of one series or exemplar
	points  []field  // samples, histograms and exemplars of one series
	out     []byte
	limit   int             // maximum length of out
	left    writereq.Counts // data that was omitted
	families
}

// symbol is a string of the request.
type symbol struct {
	field     []byte // string preceded by its length, as in fields
	described bool   // The string is the name of a series whose family has been described.
}

// text returns the string.
func (s *symbol) text() []byte {
	text, _ := protowire.ConsumeBytes(s.field)
	return text
}

// Downgrade converts request, an io.prometheus.write.v2.Request, to a prometheus.WriteRequest and
// appends it to buf. It returns the counts of data that it has omitted because version 1.0 lacks it:
// native histograms with custom buckets, and the exemplars of series that have nothing else.
//
// Start timestamps are lost. Each family is described once. Its name is the name of its series, without the
// suffixes of classic histograms and summaries.
func (d *Downgrader) Downgrade(buf, request []byte) ([]byte, writereq.Counts, error) {
	d.out, d.limit, d.left = buf, len(buf)+maxDowngraded, writereq.Counts{}
	err := d.readSymbols(request)
	if err == nil {
		d.begin()
		err = d.writeSeries(request)
	}
	d.out = append(d.out, d.metadata...)
	out := d.out
	d.out = nil
	clear(d.symbols) // The symbols and points lie in request.
	clear(d.points[:cap(d.points)])
	if err != nil {
		return buf, writereq.Counts{}, err
	}
	return out, d.left, nil
}

// readSymbols finds the symbols. In the request, they may come after the series that refer to them.
func (d *Downgrader) readSymbols(request []byte) error {
	d.symbols = d.symbols[:0]
	var f field
	for len(request) > 0 {
		rest, err := f.next(request)
		if err != nil {
			return err
		}
		if f.num == v2Symbols {
			if err := f.is(protowire.BytesType); err != nil {
				return err
			}
			_, _, tag := protowire.ConsumeTag(request)
			s := symbol{field: request[tag : len(request)-len(rest)]}
			if len(s.field) != protowire.SizeBytes(len(f.bytes)) {
				return errWire // The length has an overlong encoding, so comparing fields would be wrong.
			}
			d.symbols = append(d.symbols, s)
		}
		request = rest
	}
	return nil
}

func (d *Downgrader) writeSeries(request []byte) error {
	var f field
	for len(request) > 0 {
		rest, err := f.next(request)
		if err != nil {
			return err
		}
		request = rest
		if f.num != v2TimeSeries {
			continue
		}
		if err := f.is(protowire.BytesType); err != nil {
			return err
		}
		if err := d.series(f.bytes); err != nil {
			return err
		}
		if len(d.out)+len(d.metadata) > d.limit {
			return errTooLarge
		}
	}
	return nil
}

// series appends a series, unless all its data is omitted.
func (d *Downgrader) series(series []byte) error {
	info, err := d.readSeries(series)
	if err != nil {
		return err
	}
	before := len(d.out)
	d.out = append(d.out, v1TimeSeries<<3|byte(protowire.BytesType), 0, 0)
	start := len(d.out)
	if err := d.labels(v1Labels); err != nil {
		return err
	}
	kept, err := d.writePoints()
	if err != nil {
		return err
	}
	if !kept {
		d.out = d.out[:before]
		return nil
	}
	d.out = closed(d.out, start, seriesGuess)
	if info != nil {
		return d.describe(info)
	}
	return nil
}

// readSeries reads the label references of a series and finds its points. It returns its metadata.
func (d *Downgrader) readSeries(series []byte) (info []byte, err error) {
	d.refs, d.points = d.refs[:0], d.points[:0]
	var f field
	for len(series) > 0 {
		if series, err = f.next(series); err != nil {
			return nil, err
		}
		switch f.num {
		case v2LabelRefs:
			err = d.appendRefs(&f)
		case v2Samples, v2Histograms, v2Exemplars:
			err = f.is(protowire.BytesType)
			d.points = append(d.points, f)
		case v2Metadata:
			// By the rules of protobuf, several metadata fields are merged, but no encoder writes several.
			if err = f.is(protowire.BytesType); info != nil {
				err = errWire
			}
			info = f.bytes
		}
		if err != nil {
			return nil, err
		}
	}
	return info, nil
}

// appendRefs reads references, packed or unpacked.
func (d *Downgrader) appendRefs(f *field) error {
	if f.typ == protowire.VarintType {
		return d.appendRef(f.bits)
	}
	if err := f.is(protowire.BytesType); err != nil {
		return err
	}
	refs := d.refs
	for b := f.bytes; len(b) > 0; {
		ref, n := uint64(b[0]), 1
		if ref >= 0x80 {
			if ref, n = protowire.ConsumeVarint(b); n < 0 {
				return errWire
			}
		}
		if ref >= uint64(len(d.symbols)) {
			return errSymbol
		}
		refs = append(refs, uint32(ref))
		b = b[n:]
	}
	d.refs = refs
	return nil
}

func (d *Downgrader) appendRef(ref uint64) error {
	if ref >= uint64(len(d.symbols)) {
		return errSymbol
	}
	d.refs = append(d.refs, uint32(ref))
	return nil
}

// labels appends the labels that d.refs refers to, each as a field with the number num.
func (d *Downgrader) labels(num protowire.Number) error {
	if len(d.refs)%2 != 0 {
		return errOddLabels
	}
	out, symbols := d.out, d.symbols // Local variables are faster.
	for i := 1; i < len(d.refs); i += 2 {
		name, value := symbols[d.refs[i-1]].field, symbols[d.refs[i]].field
		size := len(name) + len(value) + 2
		if len(out)+size > d.limit {
			return errTooLarge
		}
		out = append(out, byte(num)<<3|byte(protowire.BytesType))
		if size < 0x80 {
			out = append(out, byte(size))
		} else {
			out = protowire.AppendVarint(out, uint64(size))
		}
		out = append(append(out, v1LabelName<<3|byte(protowire.BytesType)), name...)
		out = append(append(out, v1LabelValue<<3|byte(protowire.BytesType)), value...)
	}
	d.out = out
	return nil
}

// writePoints appends d.points, without histograms that version 1.0 lacks. kept is false if it has omitted
// histograms and the series has nothing else, or only exemplars.
func (d *Downgrader) writePoints() (kept bool, err error) {
	var dropped, exemplars uint64
	for i := range d.points {
		wrote := true
		switch p := &d.points[i]; p.num {
		case v2Samples:
			err = d.sample(p.bytes)
		case v2Histograms:
			wrote, err = d.histogram(p.bytes)
		case v2Exemplars:
			exemplars++
			err = d.exemplar(p.bytes)
		}
		if err != nil {
			return false, err
		}
		if !wrote {
			dropped++
		}
	}
	d.left.Histograms += dropped
	if dropped > 0 && dropped+exemplars == uint64(len(d.points)) {
		d.left.Exemplars += exemplars
		return false, nil
	}
	return true, nil
}

// sample appends a sample without its start timestamp.
func (d *Downgrader) sample(sample []byte) (err error) {
	if n := plainSample(sample); n > 0 {
		d.out = append(append(d.out, v1Samples<<3|byte(protowire.BytesType), byte(n)), sample[:n]...)
		return nil
	}
	var (
		f               field
		value, unixMsec uint64
	)
	for len(sample) > 0 {
		if sample, err = f.next(sample); err != nil {
			return err
		}
		switch f.num {
		case numSampleValue:
			value, err = f.bits, f.is(protowire.Fixed64Type)
		case numSampleTimestamp:
			unixMsec, err = f.bits, f.is(protowire.VarintType)
		}
		if err != nil {
			return err
		}
	}
	d.out = append(d.out, v1Samples<<3|byte(protowire.BytesType), byte(sizeOfPoint(value, unixMsec)))
	d.out = appendPoint(d.out, numSampleValue, value, unixMsec)
	return nil
}

// plainSample returns the number of bytes of the value and the timestamp if a sample consists of both
// and at most a start timestamp, in this order, as nearly all samples do. Otherwise it returns 0.
// Copying the bytes takes a third of the time of decoding them.
func plainSample(sample []byte) int {
	const timestamp = 1 + 8 // position of its tag
	if len(sample) < timestamp+2 || sample[0] != numSampleValue<<3|byte(protowire.Fixed64Type) ||
		sample[timestamp] != numSampleTimestamp<<3|byte(protowire.VarintType) {
		return 0
	}
	end := endOfVarint(sample, timestamp+1)
	if end == 0 || end == len(sample) {
		return end
	}
	if sample[end] != numSampleStart<<3|byte(protowire.VarintType) || endOfVarint(sample, end+1) != len(sample) {
		return 0
	}
	return end
}

// endOfVarint returns the end of the varint that begins at i. It returns 0 if the varint has no end or
// if it has ten bytes, because the last of ten might be too large.
func endOfVarint(b []byte, i int) int {
	for last := min(len(b), i+binary.MaxVarintLen64-1); i < last; i++ {
		if b[i] < 0x80 {
			return i + 1
		}
	}
	return 0
}

// sizeOfPoint returns the number of bytes that appendPoint appends.
func sizeOfPoint(value, unixMsec uint64) (size int) {
	if value != 0 {
		size += 1 + 8
	}
	if unixMsec != 0 {
		size += 1 + protowire.SizeVarint(unixMsec)
	}
	return size
}

// appendPoint appends the bits of a value as the field num, and a timestamp as the next field. It omits
// zeros.
func appendPoint(buf []byte, num byte, value, unixMsec uint64) []byte {
	if value != 0 {
		buf = binary.LittleEndian.AppendUint64(append(buf, num<<3|byte(protowire.Fixed64Type)), value)
	}
	if unixMsec != 0 {
		buf = protowire.AppendVarint(append(buf, (num+1)<<3|byte(protowire.VarintType)), unixMsec)
	}
	return buf
}

// exemplar appends an exemplar.
func (d *Downgrader) exemplar(exemplar []byte) (err error) {
	var (
		f               field
		value, unixMsec uint64
		series          = len(d.refs)
	)
	for len(exemplar) > 0 {
		if exemplar, err = f.next(exemplar); err != nil {
			return err
		}
		switch f.num {
		case numExemplarLabels:
			err = d.appendRefs(&f)
		case numExemplarValue:
			value, err = f.bits, f.is(protowire.Fixed64Type)
		case numExemplarTimestamp:
			unixMsec, err = f.bits, f.is(protowire.VarintType)
		}
		if err != nil {
			return err
		}
	}
	d.out = open(d.out, v1Exemplars, shortGuess)
	start := len(d.out)
	refs := d.refs
	d.refs = refs[series:]
	err = d.labels(numExemplarLabels)
	d.refs = refs[:series]
	if err != nil {
		return err
	}
	d.out = closed(appendPoint(d.out, numExemplarValue, value, unixMsec), start, shortGuess)
	return nil
}

// histogram appends a native histogram without its start timestamp. It reports whether version 1.0
// supports the histogram.
func (d *Downgrader) histogram(histogram []byte) (bool, error) {
	before := len(d.out)
	d.out = open(d.out, v1Histograms, shortGuess)
	start := len(d.out)
	var (
		f      field
		schema int64
	)
	for len(histogram) > 0 {
		rest, err := f.next(histogram)
		if err != nil {
			return false, err
		}
		switch {
		case f.num == numHistogramSchema:
			if err := f.is(protowire.VarintType); err != nil {
				return false, err
			}
			schema = protowire.DecodeZigZag(f.bits & math.MaxUint32)
		case f.num >= numHistogramCustomValues:
			histogram = rest
			continue
		}
		d.out = append(d.out, histogram[:len(histogram)-len(rest)]...)
		histogram = rest
	}
	if schema < minSchema || schema > maxSchema {
		d.out = d.out[:before]
		return false, nil
	}
	d.out = closed(d.out, start, shortGuess)
	return true, nil
}
