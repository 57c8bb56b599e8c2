package writereqtest

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// EncodeV2 returns the request as an io.prometheus.write.v2.Request. It adds the symbols that the
// series need after r.Symbols.
func EncodeV2(r *Request) []byte {
	e := encoder{index: map[string]uint64{}}
	for _, s := range append([]string{""}, r.Symbols...) {
		e.symbol(s)
	}
	var series []byte
	for i := range r.Series {
		series = message(series, 5, e.series(&r.Series[i]))
	}
	var out []byte
	for _, s := range e.symbols {
		out = message(out, 4, []byte(s))
	}
	return append(out, series...)
}

type encoder struct {
	symbols []string
	index   map[string]uint64
}

func (e *encoder) symbol(s string) uint64 {
	i, ok := e.index[s]
	if !ok {
		i = uint64(len(e.symbols))
		e.index[s] = i
		e.symbols = append(e.symbols, s)
	}
	return i
}

func (e *encoder) labels(out []byte, labels []Label) []byte {
	var refs []byte
	for _, l := range labels {
		refs = protowire.AppendVarint(refs, e.symbol(l.Name))
		refs = protowire.AppendVarint(refs, e.symbol(l.Value))
	}
	return message(out, 1, refs)
}

func (e *encoder) series(s *Series) []byte {
	out := e.labels(nil, s.Labels)
	for _, sample := range s.Samples {
		m := integer(integer(double(nil, 1, sample.Value), 2, uint64(sample.Timestamp)), 3, uint64(sample.StartStamp))
		out = message(out, 2, m)
	}
	for i := range s.Histograms {
		out = message(out, 3, histogram(&s.Histograms[i]))
	}
	for _, x := range s.Exemplars {
		out = message(out, 4, integer(double(e.labels(nil, x.Labels), 2, x.Value), 3, uint64(x.Timestamp)))
	}
	if m := s.Metadata; m != nil {
		out = message(out, 5, integer(integer(integer(nil, 1, m.Type), 3, e.symbol(m.Help)), 4, e.symbol(m.Unit)))
	}
	return out
}

func histogram(h *Histogram) (out []byte) {
	if h.CountFloat != nil {
		out = double(out, 2, *h.CountFloat)
	} else {
		out = integer(out, 1, h.Count)
	}
	out = integer(double(out, 3, h.Sum), 4, protowire.EncodeZigZag(int64(h.Schema)))
	out = double(out, 5, h.ZeroThreshold)
	if h.ZeroCountFloat != nil {
		out = double(out, 7, *h.ZeroCountFloat)
	} else {
		out = integer(out, 6, h.ZeroCount)
	}
	out = doubles(deltas(spans(out, 8, h.NegativeSpans), 9, h.NegativeDeltas), 10, h.NegativeCounts)
	out = doubles(deltas(spans(out, 11, h.PositiveSpans), 12, h.PositiveDeltas), 13, h.PositiveCounts)
	out = integer(integer(out, 14, h.ResetHint), 15, uint64(h.Timestamp))
	return integer(doubles(out, 16, h.CustomValues), 17, uint64(h.StartStamp))
}

func spans(out []byte, num protowire.Number, spans []Span) []byte {
	for _, s := range spans {
		out = message(out, num, integer(integer(nil, 1, protowire.EncodeZigZag(int64(s.Offset))), 2, uint64(s.Length)))
	}
	return out
}

func deltas(out []byte, num protowire.Number, values []int64) []byte {
	var packed []byte
	for _, v := range values {
		packed = protowire.AppendVarint(packed, protowire.EncodeZigZag(v))
	}
	return message(out, num, packed)
}

func doubles(out []byte, num protowire.Number, values []float64) []byte {
	var packed []byte
	for _, v := range values {
		packed = protowire.AppendFixed64(packed, math.Float64bits(v))
	}
	return message(out, num, packed)
}

func message(out []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, num, protowire.BytesType), m)
}

func double(out []byte, num protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(out, num, protowire.Fixed64Type), math.Float64bits(v))
}

func integer(out []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, num, protowire.VarintType), v)
}
