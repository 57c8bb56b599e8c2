package writebody_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
)

type (
	request   = writereqtest.Request
	series    = writereqtest.Series
	sample    = writereqtest.Sample
	histogram = writereqtest.Histogram
	exemplar  = writereqtest.Exemplar
	metadata  = writereqtest.Metadata
)

// labels returns the labels with the given names and values.
func labels(pairs ...string) (labels []writereqtest.Label) {
	for i := 0; i < len(pairs); i += 2 {
		labels = append(labels, writereqtest.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return labels
}

func point(v float64, ms, start int64) sample {
	return sample{Value: v, Timestamp: ms, StartStamp: start}
}

func traced(labels []writereqtest.Label, v float64, ms int64) exemplar {
	return exemplar{Labels: labels, Value: v, Timestamp: ms}
}

func one(s series) *request { return &request{Series: []series{s}} }

const (
	now     = 1_700_000_000_123
	counter = 1
	gauge   = 2
)

func TestDowngrade(t *testing.T) {
	long := strings.Repeat("x", 200)
	native := histogram{
		Count: 3, Sum: 1.5, Schema: 3, ZeroThreshold: 1e-3, ZeroCount: 1, Timestamp: now,
		PositiveSpans: []writereqtest.Span{{Offset: -2, Length: 1}, {Offset: 3, Length: 1}}, PositiveDeltas: []int64{1, 0},
	}
	started := native
	started.StartStamp = now - 5
	float := histogram{
		CountFloat: new(2.5), ZeroCountFloat: new(0.5), Schema: -4, Timestamp: now, ResetHint: 3,
		NegativeSpans: []writereqtest.Span{{Length: 2}}, NegativeCounts: []float64{1, 1},
	}
	custom := histogram{Count: 1, Schema: -53, CustomValues: []float64{1, 2}, Timestamp: now}
	x := traced(labels("trace_id", "abc"), 0.25, now-1)

	for name, c := range map[string]struct {
		in, want *request
		left     writereq.Counts
	}{
		"nothing": {&request{}, &request{}, writereq.Counts{}},
		"counter with a start timestamp": {
			one(series{Labels: labels("__name__", "a_total", "b", "c"), Samples: []sample{point(4, now, now-9)}, Metadata: &metadata{Type: counter, Help: "Help.", Unit: "bytes"}}),
			&request{
				Series:   []series{{Labels: labels("__name__", "a_total", "b", "c"), Samples: []sample{point(4, now, 0)}}},
				Metadata: []metadata{{Type: counter, Family: "a_total", Help: "Help.", Unit: "bytes"}},
			}, writereq.Counts{},
		},
		"zeros, no metadata": {
			one(series{Labels: labels("__name__", "a"), Samples: []sample{{}, point(math.Copysign(0, -1), -1, 0)}}),
			one(series{Labels: labels("__name__", "a"), Samples: []sample{{}, point(math.Copysign(0, -1), -1, 0)}}), writereq.Counts{},
		},
		"long labels, sorted before the name": {
			one(series{Labels: labels("A", long, "__name__", long, "b", long+long), Samples: []sample{point(1, now, 0)}, Metadata: &metadata{Type: gauge}}),
			&request{
				Series:   []series{{Labels: labels("A", long, "__name__", long, "b", long+long), Samples: []sample{point(1, now, 0)}}},
				Metadata: []metadata{{Type: gauge, Family: long}},
			}, writereq.Counts{},
		},
		"a series of more than 16 KiB": {
			one(series{Labels: labels("__name__", strings.Repeat("x", 20_000)), Samples: []sample{point(1, now, 0)}}),
			one(series{Labels: labels("__name__", strings.Repeat("x", 20_000)), Samples: []sample{point(1, now, 0)}}), writereq.Counts{},
		},
		"exemplars": {
			one(series{Labels: labels("__name__", "a_total"), Samples: []sample{point(1, now, 0)}, Exemplars: []exemplar{x, traced(nil, 1, now), traced(labels("x", long), 1, now)}}),
			one(series{Labels: labels("__name__", "a_total"), Samples: []sample{point(1, now, 0)}, Exemplars: []exemplar{x, traced(nil, 1, now), traced(labels("x", long), 1, now)}}),
			writereq.Counts{},
		},
		"exemplars alone": {
			one(series{Labels: labels("__name__", "a_total"), Exemplars: []exemplar{x}}),
			one(series{Labels: labels("__name__", "a_total"), Exemplars: []exemplar{x}}), writereq.Counts{},
		},
		"native histograms": {
			one(series{Labels: labels("__name__", "h"), Histograms: []histogram{started, float}, Exemplars: []exemplar{x}, Metadata: &metadata{Type: 3, Help: "H"}}),
			&request{
				Series:   []series{{Labels: labels("__name__", "h"), Histograms: []histogram{native, float}, Exemplars: []exemplar{x}}},
				Metadata: []metadata{{Type: 3, Family: "h", Help: "H"}},
			}, writereq.Counts{},
		},
		"custom buckets": {
			&request{Series: []series{
				{Labels: labels("__name__", "h"), Histograms: []histogram{custom, custom}, Exemplars: []exemplar{x}, Metadata: &metadata{Type: 3}},
				{Labels: labels("__name__", "i"), Histograms: []histogram{native, custom}, Exemplars: []exemplar{x}},
			}},
			one(series{Labels: labels("__name__", "i"), Histograms: []histogram{native}, Exemplars: []exemplar{x}}),
			writereq.Counts{Histograms: 3, Exemplars: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var d writebody.Downgrader
			for range 2 {
				out, left, err := d.Downgrade([]byte("before"), writereqtest.EncodeV2(c.in))
				if err != nil || left != c.left || !bytes.HasPrefix(out, []byte("before")) {
					t.Fatalf("got %d bytes, left %+v, error %v; want left %+v", len(out), left, err, c.left)
				}
				got, err := writereqtest.DecodeV1(out[len("before"):])
				if err != nil || !sameRequest(got, c.want) {
					t.Errorf("got  %+v, error %v\nwant %+v", got, err, c.want)
				}
			}
		})
	}
}

// sameRequest compares requests in their printed form, because it shows the signs of zeros and treats nil as
// empty.
func sameRequest(a, b *request) bool {
	return fmt.Sprintf("%+v", printed(a)) == fmt.Sprintf("%+v", printed(b))
}

// printed replaces the pointers of histograms, because they would be printed as addresses.
func printed(r *request) []any {
	out := []any{r.Metadata}
	for _, s := range r.Series {
		out = append(out, s.Labels, s.Samples, s.Exemplars)
		for _, h := range s.Histograms {
			for _, f := range []*float64{h.CountFloat, h.ZeroCountFloat} {
				if f != nil {
					out = append(out, *f)
				}
			}
			h.CountFloat, h.ZeroCountFloat = nil, nil
			out = append(out, h)
		}
	}
	return out
}

func TestDowngradeStaleMarker(t *testing.T) {
	const stale = 0x7ff0000000000002
	in := one(series{Labels: labels("__name__", "a"), Samples: []sample{point(math.Float64frombits(stale), now, 0)}})
	var d writebody.Downgrader
	out, _, err := d.Downgrade(nil, writereqtest.EncodeV2(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := writereqtest.DecodeV1(out)
	if err != nil || math.Float64bits(got.Series[0].Samples[0].Value) != stale {
		t.Errorf("got %+v, error %v", got, err)
	}
}

// TestDowngradeFamilies checks that each family is described once, by its own name.
func TestDowngradeFamilies(t *testing.T) {
	const (
		kindHistogram      = 3
		kindGaugeHistogram = 4
		kindSummary        = 5
	)
	for _, c := range []struct {
		kind   uint64
		series []string
		family string
	}{
		{counter, []string{"a_total", "a_total"}, "a_total"},
		{gauge, []string{"a_count"}, "a_count"},
		{kindHistogram, []string{"a_bucket", "a_bucket", "a_sum", "a_count"}, "a"},
		{kindHistogram, []string{"a_count_bucket", "a_count_sum", "a_count_count"}, "a_count"},
		{kindHistogram, []string{"a"}, "a"},
		{kindHistogram, []string{"_sum"}, "_sum"},
		{kindGaugeHistogram, []string{"a_bucket", "a_gsum", "a_gcount"}, "a"},
		{kindSummary, []string{"a quantile", "a quantile", "a_sum", "a_count"}, "a"},
		{kindSummary, []string{"a_sum quantile", "a_sum_sum", "a_sum_count"}, "a_sum"},
		{kindSummary, []string{"a_bucket quantile", "a_bucket_sum"}, "a_bucket"},
	} {
		r := &request{}
		for i, name := range c.series {
			name, quantile, ok := strings.Cut(name, " ")
			ls := labels("__name__", name)
			if ok {
				ls = append(ls, labels(quantile, fmt.Sprint(i))...)
			}
			r.Series = append(r.Series, series{Labels: ls, Samples: []sample{point(1, now, 0)}, Metadata: &metadata{Type: c.kind, Help: "H"}})
		}
		var d writebody.Downgrader
		for range 2 {
			out, _, err := d.Downgrade(nil, writereqtest.EncodeV2(r))
			if err != nil {
				t.Fatal(err)
			}
			got, err := writereqtest.DecodeV1(out)
			if want := []metadata{{Type: c.kind, Family: c.family, Help: "H"}}; err != nil || !reflect.DeepEqual(got.Metadata, want) {
				t.Errorf("%d %q: got %+v, error %v; want %+v", c.kind, c.series, got.Metadata, err, want)
			}
		}
	}
}

// TestDowngradeLayouts checks requests with layouts that other encoders may write.
func TestDowngradeLayouts(t *testing.T) {
	const symbols = "\x22\x00\x22\x08__name__\x22\x01a"
	labels, at5 := "\x0a\x02\x01\x02", "\x12\x02\x10\x05"
	for name, in := range map[string]string{
		"symbols last":             "\x2a\x08" + labels + at5 + symbols,
		"labels last":              symbols + "\x2a\x08" + at5 + labels,
		"labels apart":             symbols + "\x2a\x0a\x0a\x01\x01\x0a\x01\x02" + at5,
		"labels that are unpacked": symbols + "\x2a\x08\x08\x01\x08\x02" + at5,
		"unknown fields":           symbols + "\x78\x05\x2a\x0f" + labels + "\x12\x04\x10\x05\x78\x05\x35\x00\x00\x00\x00" + "\x7a\x00",
	} {
		var d writebody.Downgrader
		out, left, err := d.Downgrade(nil, []byte(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := writereqtest.DecodeV1(out)
		want := one(series{Labels: []writereqtest.Label{{Name: "__name__", Value: "a"}}, Samples: []sample{point(0, 5, 0)}})
		if err != nil || left != (writereq.Counts{}) || !sameRequest(got, want) {
			t.Errorf("%s: got %+v, error %v", name, got, err)
		}
	}
}

func TestDowngradeBadRequests(t *testing.T) {
	const symbols = "\x22\x00\x22\x01a"
	for name, in := range map[string]string{
		"truncated tag":                 "\x80",
		"truncated length":              "\x22\x80",
		"longer length than needed":     "\x22\x81\x00a",
		"truncated symbol":              "\x22\x05a",
		"symbol of another type":        "\x20\x01",
		"series of another type":        "\x28\x01",
		"field number 0":                "\x02\x00",
		"end of a group":                "\x0c",
		"truncated group":               "\x0b\x08",
		"truncated fixed64":             symbols + "\x2a\x02\x09\x00",
		"labels of another type":        symbols + "\x2a\x09\x09\x00\x00\x00\x00\x00\x00\x00\x00",
		"truncated reference":           symbols + "\x2a\x03\x0a\x01\x80",
		"reference without a symbol":    symbols + "\x2a\x04\x0a\x02\x01\x02",
		"a name without a value":        symbols + "\x2a\x03\x0a\x01\x01",
		"sample of another type":        symbols + "\x2a\x02\x10\x00",
		"value of another type":         symbols + "\x2a\x04\x12\x02\x08\x00",
		"timestamp of another type":     symbols + "\x2a\x04\x12\x02\x12\x00",
		"truncated sample":              symbols + "\x2a\x03\x12\x01\x09",
		"histogram of another type":     symbols + "\x2a\x02\x18\x00",
		"schema of another type":        symbols + "\x2a\x04\x1a\x02\x22\x00",
		"truncated histogram":           symbols + "\x2a\x03\x1a\x01\x22",
		"exemplar of another type":      symbols + "\x2a\x02\x20\x00",
		"truncated exemplar":            symbols + "\x2a\x03\x22\x01\x11",
		"exemplar without a symbol":     symbols + "\x2a\x06\x22\x04\x0a\x02\x01\x07",
		"exemplar's odd labels":         symbols + "\x2a\x05\x22\x03\x0a\x01\x01",
		"exemplar's value":              symbols + "\x2a\x04\x22\x02\x10\x00",
		"exemplar's timestamp":          symbols + "\x2a\x04\x22\x02\x1a\x00",
		"metadata of another type":      symbols + "\x2a\x02\x28\x00",
		"metadata twice":                symbols + "\x2a\x04\x2a\x00\x2a\x00",
		"help of another type":          "\x22\x08__name__\x2a\x08\x0a\x02\x00\x00\x2a\x02\x1a\x00",
		"help without a symbol":         "\x22\x08__name__\x2a\x08\x0a\x02\x00\x00\x2a\x02\x18\x07",
		"unit without a symbol":         "\x22\x08__name__\x2a\x08\x0a\x02\x00\x00\x2a\x02\x20\x07",
		"truncated metadata":            "\x22\x08__name__\x2a\x07\x0a\x02\x00\x00\x2a\x01\x18",
		"a field that is not a message": symbols + "\x2a\x01\x80",
	} {
		var d writebody.Downgrader
		out, left, err := d.Downgrade([]byte("before"), []byte(in))
		if err == nil || left != (writereq.Counts{}) || string(out) != "before" {
			t.Errorf("%s: got %q, %+v, error %v", name, out, left, err)
		}
	}
}

// TestDowngradeBomb checks that a small request cannot become a huge one.
func TestDowngradeBomb(t *testing.T) {
	text := bytes.Repeat([]byte("x"), 1<<20)
	in := protowire.AppendBytes([]byte("\x22"), text)
	refs := make([]byte, 2*300)
	labels := protowire.AppendBytes([]byte("\x0a"), refs)
	buf := make([]byte, 0, 130<<20)
	for name, series := range map[string][]byte{
		"labels":    labels,
		"exemplars": protowire.AppendBytes([]byte("\x22"), labels),
	} {
		var d writebody.Downgrader
		_, _, err := d.Downgrade(buf, protowire.AppendBytes(append(bytes.Clone(in), 0x2a), series))
		if err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestDowngradeAllocatesNothing(t *testing.T) {
	var (
		in  = writereqtest.EncodeV2(realistic(1000))
		d   writebody.Downgrader
		buf []byte
	)
	allocs := testing.AllocsPerRun(10, func() {
		var err error
		if buf, _, err = d.Downgrade(buf[:0], in); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// realistic returns a request with n counters that have three labels each.
func realistic(n int) *request {
	r := &request{}
	for i := range n {
		r.Series = append(r.Series, series{
			Labels:  labels("__name__", fmt.Sprintf("http_requests_%d_total", i/100), "code", fmt.Sprint(200+i%5), "method", "GET", "path", fmt.Sprintf("/api/v1/%d", i%100)),
			Samples: []sample{point(float64(i*7919%1_000_003), now, now-3_600_000)}, Metadata: &metadata{Type: counter, Help: fmt.Sprintf("Number of requests by code, %d.", i/100)},
		})
	}
	return r
}

// FuzzDowngrade checks that Downgrade survives any input, and that its output can be decoded.
func FuzzDowngrade(f *testing.F) {
	f.Add(writereqtest.EncodeV2(realistic(3)))
	f.Add(writereqtest.EncodeV2(one(series{
		Labels: labels("__name__", "h"), Histograms: []histogram{{Count: 1, Schema: -53, StartStamp: 5}, {Count: 2}},
		Exemplars: []exemplar{traced(labels("a", "b"), 1, 2)}, Metadata: &metadata{Type: 3, Unit: "s"},
	})))
	f.Add([]byte("\x22\x00\x2a\x02\x0b\x0c"))
	var d writebody.Downgrader
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out, _, err := d.Downgrade(nil, in)
		if !bytes.Equal(in, before) {
			t.Error("the input has changed")
		}
		again, _, err2 := new(writebody.Downgrader).Downgrade(nil, in)
		if !bytes.Equal(out, again) || (err == nil) != (err2 == nil) {
			t.Errorf("%q, error %v, becomes %q, error %v, the next time", out, err, again, err2)
		}
		for b := out; len(b) > 0; {
			_, _, n := protowire.ConsumeField(b)
			if n < 0 {
				t.Fatalf("%q cannot be decoded", out)
			}
			b = b[n:]
		}
	})
}

func BenchmarkDowngrade(b *testing.B) {
	const n = 10_000
	var (
		in  = writereqtest.EncodeV2(realistic(n))
		d   writebody.Downgrader
		buf []byte
	)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, _, err = d.Downgrade(buf[:0], in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/series")
}
