package writereqtest

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// fields calls each with every field of a message: with the value of a field that has a length, or with
// the bits of any other.
func fields(m []byte, each func(num protowire.Number, value []byte, bits uint64) error) error {
	for len(m) > 0 {
		num, typ, n := protowire.ConsumeTag(m)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		var (
			value []byte
			bits  uint64
		)
		switch typ {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(m)
		case protowire.VarintType:
			bits, n = protowire.ConsumeVarint(m)
		case protowire.Fixed64Type:
			bits, n = protowire.ConsumeFixed64(m)
		default:
			return fmt.Errorf("field %d has wire type %d", num, typ)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		if err := each(num, value, bits); err != nil {
			return fmt.Errorf("field %d: %w", num, err)
		}
	}
	return nil
}

var errUnknown = errors.New("the version has no such field")

// DecodeV1 decodes a prometheus.WriteRequest.
func DecodeV1(data []byte) (*Request, error) {
	r := &Request{}
	return r, fields(data, func(num protowire.Number, value []byte, _ uint64) error {
		switch num {
		case 1:
			r.Series = append(r.Series, Series{})
			return r.Series[len(r.Series)-1].decodeV1(value)
		case 3:
			r.Metadata = append(r.Metadata, Metadata{})
			return r.Metadata[len(r.Metadata)-1].decodeV1(value)
		}
		return errUnknown
	})
}

func (s *Series) decodeV1(m []byte) error {
	return fields(m, func(num protowire.Number, value []byte, _ uint64) (err error) {
		switch num {
		case 1:
			s.Labels, err = appendLabel(s.Labels, value)
		case 2:
			err = s.addSample(value, 2)
		case 3:
			err = s.addExemplar(value, appendLabel)
		case 4:
			err = s.addHistogram(value, 15)
		default:
			return errUnknown
		}
		return err
	})
}

func appendLabel(labels []Label, m []byte) ([]Label, error) {
	var l Label
	err := fields(m, func(num protowire.Number, value []byte, _ uint64) error {
		switch num {
		case 1:
			l.Name = string(value)
		case 2:
			l.Value = string(value)
		default:
			return errUnknown
		}
		return nil
	})
	return append(labels, l), err
}

func (d *Metadata) decodeV1(m []byte) error {
	return fields(m, func(num protowire.Number, value []byte, bits uint64) error {
		switch num {
		case 1:
			d.Type = bits
		case 2:
			d.Family = string(value)
		case 4:
			d.Help = string(value)
		case 5:
			d.Unit = string(value)
		default:
			return errUnknown
		}
		return nil
	})
}

// DecodeV2 decodes an io.prometheus.write.v2.Request.
func DecodeV2(data []byte) (*Request, error) {
	r := &Request{}
	var series [][]byte
	err := fields(data, func(num protowire.Number, value []byte, _ uint64) error {
		switch num {
		case 4:
			r.Symbols = append(r.Symbols, string(value))
		case 5:
			series = append(series, value)
		default:
			return errUnknown
		}
		return nil
	})
	r.Series = make([]Series, len(series))
	for i := 0; err == nil && i < len(series); i++ {
		err = r.Series[i].decodeV2(series[i], r.Symbols)
	}
	return r, err
}

func (s *Series) decodeV2(m []byte, symbols []string) error {
	resolve := func(labels []Label, refs []byte) ([]Label, error) { return appendRefs(labels, refs, symbols) }
	return fields(m, func(num protowire.Number, value []byte, _ uint64) (err error) {
		switch num {
		case 1:
			s.Labels, err = resolve(s.Labels, value)
		case 2:
			err = s.addSample(value, 3)
		case 3:
			err = s.addHistogram(value, 17)
		case 4:
			err = s.addExemplar(value, resolve)
		case 5:
			s.Metadata = &Metadata{}
			err = s.Metadata.decodeV2(value, symbols)
		default:
			return errUnknown
		}
		return err
	})
}

var errSymbol = errors.New("there is no such symbol")

// appendRefs appends the labels with the given packed references.
func appendRefs(labels []Label, refs []byte, symbols []string) ([]Label, error) {
	var texts []string
	for len(refs) > 0 {
		ref, n := protowire.ConsumeVarint(refs)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		if ref >= uint64(len(symbols)) {
			return nil, errSymbol
		}
		texts, refs = append(texts, symbols[ref]), refs[n:]
	}
	if len(texts)%2 != 0 {
		return nil, errors.New("a label has no value")
	}
	for i := 0; i < len(texts); i += 2 {
		labels = append(labels, Label{texts[i], texts[i+1]})
	}
	return labels, nil
}

func (d *Metadata) decodeV2(m []byte, symbols []string) error {
	return fields(m, func(num protowire.Number, _ []byte, bits uint64) error {
		if num != 1 && bits >= uint64(len(symbols)) {
			return errSymbol
		}
		switch num {
		case 1:
			d.Type = bits
		case 3:
			d.Help = symbols[bits]
		case 4:
			d.Unit = symbols[bits]
		default:
			return errUnknown
		}
		return nil
	})
}

func (s *Series) addSample(m []byte, last protowire.Number) error {
	s.Samples = append(s.Samples, Sample{})
	sample := &s.Samples[len(s.Samples)-1]
	return fields(m, func(num protowire.Number, _ []byte, bits uint64) error {
		switch {
		case num > last:
			return errUnknown
		case num == 1:
			sample.Value = math.Float64frombits(bits)
		case num == 2:
			sample.Timestamp = int64(bits)
		case num == 3:
			sample.StartStamp = int64(bits)
		}
		return nil
	})
}

func (s *Series) addExemplar(m []byte, labels func([]Label, []byte) ([]Label, error)) error {
	s.Exemplars = append(s.Exemplars, Exemplar{})
	x := &s.Exemplars[len(s.Exemplars)-1]
	return fields(m, func(num protowire.Number, value []byte, bits uint64) (err error) {
		switch num {
		case 1:
			x.Labels, err = labels(x.Labels, value)
		case 2:
			x.Value = math.Float64frombits(bits)
		case 3:
			x.Timestamp = int64(bits)
		default:
			return errUnknown
		}
		return err
	})
}

func (s *Series) addHistogram(m []byte, last protowire.Number) error {
	s.Histograms = append(s.Histograms, Histogram{})
	h := &s.Histograms[len(s.Histograms)-1]
	return fields(m, func(num protowire.Number, value []byte, bits uint64) (err error) {
		if num > last {
			return errUnknown
		}
		f := math.Float64frombits(bits)
		switch num {
		case 1:
			h.Count = bits
		case 2:
			h.CountFloat = &f
		case 3:
			h.Sum = f
		case 4:
			h.Schema = int32(protowire.DecodeZigZag(bits))
		case 5:
			h.ZeroThreshold = f
		case 6:
			h.ZeroCount = bits
		case 7:
			h.ZeroCountFloat = &f
		case 8:
			h.NegativeSpans, err = appendSpan(h.NegativeSpans, value)
		case 9:
			h.NegativeDeltas, err = unpackDeltas(value)
		case 10:
			h.NegativeCounts, err = unpackDoubles(value)
		case 11:
			h.PositiveSpans, err = appendSpan(h.PositiveSpans, value)
		case 12:
			h.PositiveDeltas, err = unpackDeltas(value)
		case 13:
			h.PositiveCounts, err = unpackDoubles(value)
		case 14:
			h.ResetHint = bits
		case 15:
			h.Timestamp = int64(bits)
		case 16:
			h.CustomValues, err = unpackDoubles(value)
		case 17:
			h.StartStamp = int64(bits)
		}
		return err
	})
}

func appendSpan(spans []Span, m []byte) ([]Span, error) {
	var s Span
	err := fields(m, func(num protowire.Number, _ []byte, bits uint64) error {
		switch num {
		case 1:
			s.Offset = int32(protowire.DecodeZigZag(bits))
		case 2:
			s.Length = uint32(bits)
		default:
			return errUnknown
		}
		return nil
	})
	return append(spans, s), err
}

func unpackDeltas(packed []byte) (values []int64, err error) {
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		values, packed = append(values, protowire.DecodeZigZag(v)), packed[n:]
	}
	return values, nil
}

func unpackDoubles(packed []byte) (values []float64, err error) {
	for len(packed) > 0 {
		v, n := protowire.ConsumeFixed64(packed)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		values, packed = append(values, math.Float64frombits(v)), packed[n:]
	}
	return values, nil
}
