package encode_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
)

// TestTextsInOpenMetrics2 checks that another implementation reads texts of every kind back.
func TestTextsInOpenMetrics2(t *testing.T) {
	if testing.Short() {
		t.Skip("the decoder is slow, and much slower where it is emulated")
	}
	for _, test := range []struct{ name, help, unit, label, value string }{
		{"http_requests_total", "Requests.", "requests", "code", "200"},
		{"my.metric", "a\\b\"c\nd\r", "m/s", "läbel", "a\\b\"c\nd\x00"},
		{"\"\\\n\r", "\xff", "", "\"\\\n\r", "\\"},
		{"_", " ", "1:_", "_a", " \r"},
		{"1", "\r", "\n", "1", ""},
		{" ", "\x00\r\n", "é", "{", "} 1 # {"},
	} {
		for typ := model.Untyped; typ <= model.GaugeHistogram; typ++ {
			p := model.Point{Labels: labels(test.label, test.value), Summary: &model.SummaryValue{}}
			p.Exemplar = &model.Exemplar{Labels: p.Labels, Timestamp: at(1)}
			p.Histogram = &model.HistogramValue{Count: 1, Buckets: []model.Bucket{{UpperBound: 1, Count: 1, Exemplar: p.Exemplar}}}
			for _, escaping := range []common.EscapingScheme{common.NoEscaping, common.ValueEncodingEscaping} {
				same2(t, escaping, []*family{{model.Family{Name: test.name, Help: test.help, Unit: test.unit, Type: typ}, []model.Point{p}}})
			}
		}
	}
}

// TestStateSetWithColon checks that a state set whose name has a colon can be read. In the label name,
// the colon is escaped, and Prometheus refuses the exposition if name and label of a state set differ.
func TestStateSetWithColon(t *testing.T) {
	f := &family{model.Family{Name: "a:b", Type: model.StateSet}, []model.Point{{States: states(1, "on")}}}
	for escaping, want := range map[common.EscapingScheme]string{
		common.NoEscaping:         "# TYPE a:b stateset\na:b{\"a:b\"=\"on\"} 1\n# EOF\n",
		common.UnderscoreEscaping: "# TYPE a:b gauge\na:b{a_b=\"on\"} 1\n# EOF\n",
	} {
		opts := openMetrics2
		opts.Escaping = escaping
		got, _ := write(t, opts, []*family{f})
		compare(t, got, []byte(want))
	}
}

// TestRandomFamiliesInOpenMetrics2 checks that another implementation reads random expositions back.
func TestRandomFamiliesInOpenMetrics2(t *testing.T) {
	rounds := 50
	if testing.Short() || raceEnabled { // The decoder is slow.
		rounds = 10
	}
	for seed := range rounds {
		g := generator{rand.New(rand.NewPCG(uint64(seed), 4))}
		families := g.valid()
		same2(t, common.EscapingScheme(seed%4), families)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// valid returns families whose histograms are consistent, like the histograms of checked collectors.
// It returns only a few, because the decoder is slow.
func (g generator) valid() []*family {
	var families []*family
	names := map[string]bool{}
	for _, f := range g.families() {
		escaped := common.EscapeName(f.Name, common.UnderscoreEscaping)
		if names[escaped] || len(families) == 2 {
			continue
		}
		f.points = f.points[:min(len(f.points), 3)]
		names[escaped] = true
		f.Help += pick(g, "", "", "\r", "\r\n")
		for i := range f.points {
			p := &f.points[i]
			p.TimestampMs = max(0, p.TimestampMs) % 253_402_300_799_999
			p.Created.Nanos = max(0, p.Created.Nanos)
			if p.Exemplar != nil {
				p.Exemplar.Timestamp.Nanos = max(0, p.Exemplar.Timestamp.Nanos)
			}
			if p.Histogram != nil {
				p.Histogram = g.validHistogram()
			}
		}
		families = append(families, f)
	}
	return families
}

func (g generator) validHistogram() *model.HistogramValue {
	h := &model.HistogramValue{Sum: g.float()}
	float := g.one(3)
	native := g.one(2)
	if native {
		n := &model.NativeHistogram{Schema: int32(g.IntN(13)) - 4, ZeroThreshold: pick(g, 0, 1e-128, 0.25), ZeroCount: g.count() >> 8}
		h.Count = n.ZeroCount
		n.Positive, h.Count = g.validSide(h.Count)
		n.Negative, h.Count = g.validSide(h.Count)
		if g.one(2) {
			n.Exemplars = []*model.Exemplar{g.validExemplar(), g.validExemplar()}
		}
		h.Native = n
		if h.Count == 0 {
			n.ZeroCount, h.Count = 1, 1
		}
	}
	if !native || g.one(2) {
		count := uint64(0)
		bounds := slices.DeleteFunc(g.bounds(), func(v float64) bool { return v != v })
		for _, bound := range slices.Compact(bounds) {
			count += g.count() >> 16
			if native {
				count = min(count, h.Count)
			}
			h.Buckets = append(h.Buckets, model.Bucket{UpperBound: bound, Count: count, Exemplar: g.exemplarOrNot()})
		}
		if !native {
			h.Count = count
		}
		if n := len(h.Buckets); n > 0 && h.Buckets[n-1].UpperBound == inf {
			h.Buckets[n-1].Count = h.Count
		}
	}
	if float {
		toFloat(h)
	}
	return h
}

func (g generator) validSide(count uint64) (b model.NativeBuckets, total uint64) {
	before := int64(0)
	for i := range g.IntN(4) {
		s := model.Span{Offset: int32(g.IntN(100)), Length: uint32(g.IntN(4))}
		if i == 0 {
			s.Offset -= 50
		}
		b.Spans = append(b.Spans, s)
		for range s.Length {
			n := int64(g.count() >> 16)
			b.Deltas = append(b.Deltas, n-before)
			before = n
			count += uint64(n)
		}
	}
	return b, count
}

// toFloat gives a histogram float counts.
func toFloat(h *model.HistogramValue) {
	h.Count, h.CountFloat = 0, float64(h.Count)
	for i := range h.Buckets {
		b := &h.Buckets[i]
		b.Count, b.CountFloat = 0, float64(b.Count)
	}
	if n := h.Native; n != nil {
		n.ZeroCount, n.ZeroCountFloat = 0, float64(n.ZeroCount)
		for _, side := range []*model.NativeBuckets{&n.Positive, &n.Negative} {
			count := int64(0)
			for _, delta := range side.Deltas {
				count += delta
				side.Counts = append(side.Counts, float64(count))
			}
			side.Deltas = nil
		}
	}
}

func (g generator) exemplarOrNot() *model.Exemplar {
	if g.one(2) {
		return nil
	}
	return g.validExemplar()
}

func (g generator) validExemplar() *model.Exemplar {
	e := &model.Exemplar{Labels: g.labels(), Value: g.float(), Timestamp: g.instant()}
	e.Timestamp.Nanos = max(0, e.Timestamp.Nanos)
	return e
}
