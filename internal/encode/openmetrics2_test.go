package encode_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	common "github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// decoded2 reads an exposition in OpenMetrics 2.0 with the decoder of prometheus/common, which follows
// the grammar of the specification.
func decoded2(t testing.TB, out []byte, escaping common.EscapingScheme) (families []*dto.MetricFamily) {
	t.Helper()
	d := expfmt.NewDecoder(bytes.NewReader(out), expfmt.FmtOpenMetrics_2_0_0.WithEscapingScheme(escaping))
	for {
		mf := new(dto.MetricFamily)
		switch err := d.Decode(mf); {
		case errors.Is(err, io.EOF):
			return families
		case err != nil:
			t.Fatalf("%v in\n%s", err, out)
		}
		families = append(families, mf)
	}
}

// same2 fails the test unless the OpenMetrics 2.0 exposition of families is equivalent to them.
func same2(t testing.TB, escaping common.EscapingScheme, families []*family) {
	t.Helper()
	opts := openMetrics2
	opts.Escaping = escaping
	out, _ := write(t, opts, families)
	got := decoded2(t, out, escaping)
	taken := map[string]bool{}
	for _, f := range families {
		in := toDTO(f)
		all := in.Metric
		in.Metric = nil
		for _, m := range all {
			if isIn2(in, m, escaping) {
				in.Metric = append(in.Metric, m)
			}
		}
		want := common.EscapeMetricFamily(in, escaping)
		if len(in.Metric) == 0 || taken[want.GetName()] {
			continue
		}
		taken[want.GetName()] = true
		fitTo2(want, escaping)
		if len(got) == 0 {
			t.Fatalf("%q is missing in\n%s", f.Name, out)
		}
		if !proto.Equal(got[0], want) {
			t.Errorf("got\n%v\nwant\n%v\nfrom\n%s", got[0], want, out)
		}
		got = got[1:]
	}
	if len(got) > 0 {
		t.Errorf("unexpected %v", got)
	}
}

// isIn2 reports whether the format can represent a metric of a family.
func isIn2(in *dto.MetricFamily, m *dto.Metric, escaping common.EscapingScheme) bool {
	if !writable(in, m, encode.Options{Escaping: escaping}) {
		return false
	}
	if c := m.Counter; c != nil && !(c.GetValue() >= 0) {
		return false
	}
	if s := m.Summary; s != nil {
		for i, q := range s.Quantile {
			rank := q.GetQuantile()
			if !(rank >= 0 && rank <= 1) || slices.ContainsFunc(s.Quantile[:i], func(o *dto.Quantile) bool { return o.GetQuantile() == rank }) {
				return false
			}
		}
		return !math.IsNaN(s.GetSampleSum())
	}
	return true
}

// fitTo2 changes a family as the format does.
func fitTo2(f *dto.MetricFamily, escaping common.EscapingScheme) {
	if help := strings.TrimRight(strings.ToValidUTF8(f.GetHelp(), "\uFFFD"), "\r"); help != "" {
		f.Help = &help
	} else {
		f.Help = nil
	}
	if strings.Trim(f.GetUnit(), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789") != "" || f.GetUnit() == "" {
		f.Unit = nil
	}
	for _, m := range f.Metric {
		fitExemplars(m, encode.Options{Escaping: escaping})
		if c := m.Counter; c != nil && !isExemplar2(c.Exemplar) {
			c.Exemplar = nil
		}
		if m.Summary != nil {
			slices.SortFunc(m.Summary.Quantile, func(a, b *dto.Quantile) int {
				return int(math.Copysign(1, a.GetQuantile()-b.GetQuantile()))
			})
		}
		if m.Histogram != nil {
			fitHistogramTo2(m.Histogram)
			if f.GetType() == dto.MetricType_GAUGE_HISTOGRAM {
				m.Histogram.CreatedTimestamp = nil
			}
		}
	}
}

func isExemplar2(e *dto.Exemplar) bool { return e != nil && e.Timestamp != nil }

func fitHistogramTo2(h *dto.Histogram) {
	var exemplars []*dto.Exemplar
	h.Exemplars = slices.DeleteFunc(h.Exemplars, func(e *dto.Exemplar) bool { return !isExemplar2(e) })
	onlyInf := len(h.Bucket) == 1 && len(h.Exemplars) > 0
	for _, b := range h.Bucket {
		if isExemplar2(b.Exemplar) {
			exemplars = append(exemplars, b.Exemplar)
		}
		b.Exemplar = nil
	}
	if len(exemplars) > 0 && !onlyInf {
		h.Exemplars = exemplars
	}
	if len(h.PositiveSpan)+len(h.NegativeSpan) == 0 && h.GetZeroThreshold() == 0 && h.GetZeroCount() == 0 && h.GetZeroCountFloat() == 0 {
		h.Schema, h.ZeroThreshold, h.ZeroCount, h.ZeroCountFloat = nil, nil, nil, nil
	}
	h.PositiveSpan, h.NegativeSpan = withoutEmpty(h.PositiveSpan), withoutEmpty(h.NegativeSpan)
	if n := len(h.Bucket); (n > 0 || h.Schema == nil) && (n == 0 || !math.IsInf(h.Bucket[n-1].GetUpperBound(), +1)) {
		h.Bucket = append(h.Bucket, &dto.Bucket{
			UpperBound: proto.Float64(inf), CumulativeCount: h.SampleCount, CumulativeCountFloat: h.SampleCountFloat,
		})
	}
	float := h.GetSampleCountFloat() > 0 || h.GetZeroCountFloat() > 0 || len(h.PositiveCount) > 0 || len(h.NegativeCount) > 0
	for _, b := range h.Bucket {
		float = float || b.GetCumulativeCountFloat() > 0
	}
	fitCount := func(n **uint64, f **float64) {
		whole := uint64(0)
		if *n != nil {
			whole = **n
		}
		switch {
		case !float:
			*n, *f = proto.Uint64(whole), nil
		case *f == nil || !(**f > 0):
			*n, *f = nil, proto.Float64(float64(whole))
		default:
			*n = nil
		}
	}
	fitCount(&h.SampleCount, &h.SampleCountFloat)
	if h.Schema != nil {
		fitCount(&h.ZeroCount, &h.ZeroCountFloat)
	}
	for _, b := range h.Bucket {
		fitCount(&b.CumulativeCount, &b.CumulativeCountFloat)
	}
}

// withoutEmpty removes spans without buckets.
func withoutEmpty(spans []*dto.BucketSpan) (left []*dto.BucketSpan) {
	moved := int32(0)
	for _, s := range spans {
		moved += s.GetOffset()
		if s.GetLength() > 0 {
			left = append(left, &dto.BucketSpan{Offset: proto.Int32(moved), Length: s.Length})
			moved = 0
		}
	}
	return left
}

// corpus2 is an exposition that uses every feature of OpenMetrics 2.0: corpus without the inconsistent
// histograms that other formats accept, and more.
func corpus2() []*family {
	families := slices.DeleteFunc(slices.Clone(corpus), func(f *family) bool {
		return strings.HasPrefix(f.Name, "bad_name") || slices.ContainsFunc(f.points, func(p model.Point) bool { return p.Histogram != nil })
	})
	for _, typ := range []model.Type{model.Histogram, model.GaugeHistogram} {
		for _, name := range []string{"h_seconds", "h.seconds", "1"} {
			families = append(families, &family{
				model.Family{Name: name + "_" + strings.ReplaceAll(typ.String(), " ", "_"), Help: "Everything.\r", Unit: "seconds", Type: typ},
				histograms2(),
			})
		}
	}
	return families
}

func histograms2() []model.Point {
	later := &model.Exemplar{Labels: labels("trace_id", "a\"b\\c\nd\x00", "span_id", ""), Value: 1.5, Timestamp: at(1_520_879_608_000_000_001)}
	bare := &model.Exemplar{Value: -3, Timestamp: at(-1)}
	twins := &model.Exemplar{Labels: labels("a.b", "b", "a_b", "b"), Value: 1e-5, Timestamp: at(1)}
	classic := []model.Bucket{
		{UpperBound: math.Inf(-1), Count: 0, Exemplar: anonymous},
		{UpperBound: -0.5, Count: 1, Exemplar: bare},
		{UpperBound: 1e-5, Count: 1_000_000, Exemplar: twins},
		{UpperBound: 2, Count: 1_000_003, Exemplar: later},
	}
	withInf := append(slices.Clone(classic), model.Bucket{UpperBound: inf, Count: 1_000_005, Exemplar: traced})
	native := &model.NativeHistogram{
		Schema: 8, ZeroThreshold: 1e-128, ZeroCount: 1_000_000,
		Positive:  model.NativeBuckets{Spans: spans(-3, 0, 2, 1, 0, 0, 4, 0, 1, 2), Deltas: []int64{1, -1, 3}},
		Negative:  model.NativeBuckets{Spans: spans(5, 1), Deltas: []int64{1}},
		Exemplars: []*model.Exemplar{traced, anonymous, later},
	}
	float := &model.NativeHistogram{
		Schema: -4, ZeroCountFloat: 2,
		Positive: model.NativeBuckets{Spans: spans(0, 2), Counts: []float64{3, 4}},
		Negative: model.NativeBuckets{Spans: spans(-7, 1, 0, 1), Counts: []float64{0, 1e7}},
	}
	schemaOnly := &model.NativeHistogram{Schema: 3, Exemplars: []*model.Exemplar{traced}}
	marked := &model.NativeHistogram{Schema: 3, Positive: model.NativeBuckets{Spans: []model.Span{{}}}}
	floatBuckets := []model.Bucket{{UpperBound: 1, CountFloat: 0.25}, {UpperBound: 2, CountFloat: 9}}
	points := []model.Point{
		{Histogram: &model.HistogramValue{}},
		{Created: at(1), Histogram: &model.HistogramValue{Count: 1_000_005, Sum: -1e9, Buckets: classic}},
		{Created: at(1), Histogram: &model.HistogramValue{Count: 1_000_005, Sum: nan, Buckets: withInf}},
		plain(model.Point{Histogram: &model.HistogramValue{Count: 1e6, Sum: inf, Buckets: []model.Bucket{{UpperBound: 1, Count: 999_999}, {UpperBound: 2, Count: 999_999}}}}),
		plain(model.Point{Histogram: &model.HistogramValue{Count: math.MaxUint64}}),
		{HasTimestamp: true, TimestampMs: 1_764_394_009_001, Histogram: &model.HistogramValue{Count: 1_000_005, Sum: 1, Native: native}},
		{HasTimestamp: true, TimestampMs: 1, Created: at(1e18), Histogram: &model.HistogramValue{Count: 1_000_005, Sum: 1, Native: native, Buckets: withInf}},
		{Histogram: &model.HistogramValue{Count: 1_000_005, Native: native, Buckets: classic[:1]}},
		{Histogram: &model.HistogramValue{CountFloat: 1e7 + 9, Sum: 0.1, Native: float}},
		{Histogram: &model.HistogramValue{CountFloat: 1e7 + 9, Sum: 0.1, Native: float, Buckets: floatBuckets}},
		{Histogram: &model.HistogramValue{CountFloat: 10, Buckets: floatBuckets}},
		{Histogram: &model.HistogramValue{Count: 10, Buckets: floatBuckets}},
		{Histogram: &model.HistogramValue{Count: 10, Native: schemaOnly}},
		{Histogram: &model.HistogramValue{Native: marked}},
	}
	for i := range points {
		points[i].Labels = labels("n", string(rune('a'+i)))
		if i%3 == 0 {
			points[i].Labels = labels("n.n", string(rune('a'+i)), "m", "\"\\\n\r")
		}
	}
	points[0].Labels = model.Labels{}
	return points
}

// TestOpenMetrics2 checks that another implementation reads all features back.
func TestOpenMetrics2(t *testing.T) {
	for _, escaping := range []common.EscapingScheme{common.NoEscaping, common.UnderscoreEscaping} {
		t.Run(escaping.String(), func(t *testing.T) {
			same2(t, escaping, corpus2())
		})
	}
}

// TestOpenMetrics2Lines checks individual lines of the format.
func TestOpenMetrics2Lines(t *testing.T) {
	native := &model.NativeHistogram{
		Schema: -1, ZeroThreshold: 0.5, ZeroCount: 1,
		Positive: model.NativeBuckets{Spans: spans(-2, 1, 0, 0, 3, 2), Deltas: []int64{2, 1, -3}},
	}
	buckets := []model.Bucket{{UpperBound: 1, Count: 2, Exemplar: traced}, {UpperBound: 2.5, Count: 5, Exemplar: anonymous}}
	for name, test := range map[string]struct {
		family model.Family
		point  model.Point
		want   string
	}{
		"metadata": {
			model.Family{Name: "m_seconds_total", Help: "a \"b\"\\\nc\r\r", Unit: "seconds", Type: model.Counter}, model.Point{Value: 1},
			"# TYPE m_seconds_total counter\n# UNIT m_seconds_total seconds\n# HELP m_seconds_total a \\\"b\\\"\\\\\\nc\nm_seconds_total 1\n",
		},
		"no metadata":    {model.Family{Name: "m", Unit: "m/s", Type: model.Gauge}, model.Point{Value: -0.5}, "# TYPE m gauge\nm -0.5\n"},
		"a unit no name": {model.Family{Name: "m", Unit: "1_s"}, model.Point{Value: nan}, "# TYPE m unknown\n# UNIT m 1_s\nm NaN\n"},
		"times and an exemplar": {
			model.Family{Name: "m", Type: model.Counter},
			model.Point{Labels: labels("a", "b"), Value: 1.5, HasTimestamp: true, TimestampMs: 1_520_879_607_700, Created: at(1_520_430_000_123_000_000), Exemplar: traced},
			"# TYPE m counter\nm{a=\"b\"} 1.5 1520879607.7 st@1520430000.123 # {trace_id=\"4bf92f3577b34da6\"} 0.67 1520879607.789\n",
		},
		"an exemplar without a timestamp": {model.Family{Name: "m", Type: model.Counter}, model.Point{Exemplar: anonymous}, "# TYPE m counter\nm 0\n"},
		"created is not for gauges": {
			model.Family{Name: "m", Type: model.GaugeHistogram}, model.Point{Created: at(1), Histogram: &model.HistogramValue{Count: 5, Sum: 1, Buckets: buckets[1:]}},
			"# TYPE m gaugehistogram\nm {gcount:5,gsum:1,bucket:[2.5:5,+Inf:5]}\n",
		},
		"a histogram of both sorts": {
			model.Family{Name: "m.m", Type: model.Histogram}, model.Point{Created: at(1e9), Histogram: &model.HistogramValue{Count: 6, Sum: 7, Native: native, Buckets: buckets}},
			"# TYPE \"m.m\" histogram\n{\"m.m\"} {count:6,sum:7,schema:-1,zero_threshold:0.5,zero_count:1,positive_spans:[-2:1,3:2],positive_buckets:[2,3,0]," +
				"bucket:[1:2,2.5:5,+Inf:6]} st@1 # {trace_id=\"4bf92f3577b34da6\"} 0.67 1520879607.789\n",
		},
		"a native histogram with an exemplar": {
			model.Family{Name: "m", Type: model.Histogram}, model.Point{Histogram: &model.HistogramValue{
				Native:  &model.NativeHistogram{Schema: 8, ZeroThreshold: 1, Exemplars: []*model.Exemplar{traced}},
				Buckets: []model.Bucket{{UpperBound: inf, Exemplar: &model.Exemplar{Value: 7, Timestamp: at(1)}}},
			}},
			"# TYPE m histogram\nm {count:0,sum:0,schema:8,zero_threshold:1,zero_count:0,bucket:[+Inf:0]} # {trace_id=\"4bf92f3577b34da6\"} 0.67 1520879607.789\n",
		},
		"an info": {
			model.Family{Name: "m_info", Unit: "seconds", Type: model.Info}, model.Point{Labels: labels("a", "b"), Value: 1},
			"# TYPE m_info info\nm_info{a=\"b\"} 1\n",
		},
		"an info without its suffix": {model.Family{Name: "m", Type: model.Info}, model.Point{Value: 1}, "# TYPE m gauge\nm 1\n"},
		"a state set": {
			model.Family{Name: "m.m", Unit: "m", Type: model.StateSet}, model.Point{Labels: labels("a", "b"), States: states(0b10, "on", "off")},
			"# TYPE \"m.m\" stateset\n{\"m.m\",a=\"b\",\"m.m\"=\"on\"} 0\n{\"m.m\",a=\"b\",\"m.m\"=\"off\"} 1\n",
		},
		"float counts": {
			model.Family{Name: "m", Type: model.Histogram}, model.Point{Histogram: &model.HistogramValue{CountFloat: 2, Sum: 7, Buckets: []model.Bucket{{UpperBound: 1}}}},
			"# TYPE m histogram\nm {count:2.0,sum:7,bucket:[1:0.0,+Inf:2.0]}\n",
		},
		"quantiles in no order": {
			model.Family{Name: "m", Type: model.Summary}, model.Point{Summary: &model.SummaryValue{Count: 1e6, Sum: -2, Quantiles: quantiles(0.9, nan, 0, -1, 0.5, 2)}},
			"# TYPE m summary\nm {count:1000000,sum:-2,quantile:[0:-1,0.5:2,0.9:NaN]}\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			families := []*family{{test.family, []model.Point{test.point}}}
			got, refused := write(t, openMetrics2, families)
			compare(t, got, []byte(test.want+"# EOF\n"))
			batched, _ := writeBatches(t, openMetrics2, append(families, families...))
			compare(t, batched, []byte(test.want+test.want+"# EOF\n"))
			if refused > 0 {
				t.Error("it was refused")
			}
		})
	}
}

// TestRefusedInOpenMetrics2 checks that points that the format cannot represent are omitted, one by one
// and in batches, although other formats accept them.
func TestRefusedInOpenMetrics2(t *testing.T) {
	for name, test := range map[string]struct {
		family model.Family
		point  model.Point
		want   string
	}{
		"NaN":               {model.Family{Name: "m", Type: model.Counter}, model.Point{Value: nan}, "the value of a counter must be a number that is not negative"},
		"negative counter":  {model.Family{Name: "m", Type: model.Counter}, model.Point{Value: -1}, "the value of a counter must be a number that is not negative"},
		"info":              {model.Family{Name: "m_info", Type: model.Info}, model.Point{Value: 2}, "the value of an info must be 1"},
		"NaN sum":           {model.Family{Name: "m", Type: model.Summary}, model.Point{Summary: &model.SummaryValue{Sum: nan}}, "the sum of a summary must not be NaN"},
		"rank":              {model.Family{Name: "m", Type: model.Summary}, model.Point{Summary: &model.SummaryValue{Quantiles: quantiles(1.5, 0)}}, "the rank of a quantile is 1.5: it must be from 0 to 1"},
		"ranks":             {model.Family{Name: "m", Type: model.Summary}, model.Point{Summary: &model.SummaryValue{Quantiles: quantiles(0.5, 0, 0.1, 1, 0.5, 2)}}, "it has two or more quantiles with the same rank"},
		"negative gcount":   {model.Family{Name: "m", Type: model.GaugeHistogram}, model.Point{Histogram: &model.HistogramValue{CountFloat: -1}}, "the count of a histogram must not be negative or NaN"},
		"NaN count":         {model.Family{Name: "m", Type: model.Histogram}, model.Point{Histogram: &model.HistogramValue{CountFloat: nan}}, "the count of a histogram must not be negative or NaN"},
		"schema":            {model.Family{Name: "m", Type: model.Histogram}, model.Point{Histogram: &model.HistogramValue{Native: &model.NativeHistogram{Schema: -53, ZeroCount: 1}}}, "its native buckets have the schema -53: it must be from -4 to 8"},
		"no histogram":      {model.Family{Name: "m", Type: model.Histogram}, model.Point{}, "it is no histogram, unlike its family"},
		"no summary at all": {model.Family{Name: "m", Type: model.Summary}, model.Point{}, "it is no summary, unlike its family"},
	} {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, openMetrics2)
			defer e.Release()
			good := model.Point{Labels: labels("good", "1"), Value: 1, Histogram: &model.HistogramValue{}, Summary: &model.SummaryValue{}}
			points := []model.Point{good, test.point, good}
			_ = e.Family(&test.family)
			err := e.Point(&test.point)
			if bad := new(encode.PointError); !errors.As(err, &bad) || bad.Err.Error() != test.want || bad.Format != encode.OpenMetrics2 {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if n, err := e.Batch(points); n != 1 || !errors.As(err, new(*encode.PointError)) {
				t.Errorf("%d points of a batch were written before %v", n, err)
			}
			if n, err := e.Batch(points[2:]); n != 1 || err != nil {
				t.Errorf("%d points were written after it, %v", n, err)
			}
			if e.Series() != 2 || e.Close() != nil || bytes.Count(buf.Bytes(), []byte("good")) != 2 {
				t.Errorf("%d series in\n%s", e.Series(), &buf)
			}
		})
	}
}
