package parse_test

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

func labels(pairs ...string) model.Labels {
	var list []model.Label
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	l, err := model.NewLabels(list)
	if err != nil {
		panic(err)
	}
	return l
}

func at(nanos int64) model.Instant { return model.Instant{Nanos: nanos, Valid: true} }

// family is a family with its points.
type family struct {
	model.Family
	points []model.Point
}

var (
	inf, nan = math.Inf(+1), math.NaN()

	traced = &model.Exemplar{Labels: labels("trace_id", "4bf92f3577b34da6"), Value: 0.67, Timestamp: at(1_520_879_607_789_000_000)}
	quoted = &model.Exemplar{Labels: labels("trace.id", "a\"b\\c\nd"), Value: 1e6}
)

// corpus returns families of every type. Families whose name ends in _scattered are not in order.
func corpus() []family {
	return []family{
		{model.Family{Name: "requests_total", Help: "A \\ and a \" and a\nline, ünï.", Type: model.Counter}, []model.Point{
			{Labels: labels("code", "200", "method", "GET"), Value: 1027, Exemplar: traced, Created: at(1_700_000_000_123_000_000)},
			{Labels: labels("code", "400", "method", "GET"), Value: 3, TimestampMs: 1_395_066_363_000, HasTimestamp: true},
			{Labels: labels("code", "500", "method", "GET"), Value: 1e6, Exemplar: quoted, Created: at(0)},
		}},
		{model.Family{Name: "one_total", Type: model.Counter, NoHelp: true}, []model.Point{{Value: 2.5, Created: at(1e9)}}},
		{model.Family{Name: "cpu_seconds_total", Unit: "seconds", Type: model.Counter}, []model.Point{{Value: 12.47}}},
		{model.Family{Name: "_total", Type: model.Counter}, []model.Point{{Value: 1}}},
		{model.Family{Name: "numbers", Type: model.Gauge}, numbered(
			0, 1, -1, 0.1, 42, 999999, 1e6, 1234567, -1e6, 1e15, 1<<53, 1e21, 1e300, 5e-324,
			nan, inf, math.Inf(-1), math.Pi, 1e-4, 1e-5, 123.456789, 0.3000000000000004, math.MaxFloat64)},
		{model.Family{Name: "temperature_celsius", Help: "With a unit.", Unit: "celsius", Type: model.Gauge}, []model.Point{
			{Labels: labels("room", "back\\slash \"quote\" new\nline ünï", "z", ""), Value: 21.5},
		}},
		{model.Family{Name: "untyped", NoHelp: true}, []model.Point{{Value: 7}, {Labels: labels("a", "b"), Value: 8, TimestampMs: 1, HasTimestamp: true}}},
		{model.Family{Name: "gauge_scattered", Type: model.Gauge}, []model.Point{
			{Labels: labels("a", "2"), Value: 1}, {Labels: labels("a", "1"), Value: 2}, {Labels: labels("a", "2"), Value: 3},
		}},
		{model.Family{Name: "times", Type: model.Gauge}, []model.Point{
			{Labels: labels("a", "1"), Value: 1, TimestampMs: 1, HasTimestamp: true}, {Labels: labels("a", "1"), Value: 2, TimestampMs: 2, HasTimestamp: true},
			{Labels: labels("a", "1"), Value: 3},
		}},
		{model.Family{Name: "rpc_seconds", Help: "A summary.", Unit: "seconds", Type: model.Summary}, summaries("service")},
		{model.Family{Name: "rpc.seconds", Help: "A summary.", Type: model.Summary}, summaries("service.name")},
		{model.Family{Name: "latency_seconds", Help: "Classic.", Unit: "seconds", Type: model.Histogram}, histograms("path")},
		{model.Family{Name: "latency_last", Help: "The label comes after le.", Type: model.Histogram}, histograms("zone")},
		{model.Family{Name: "wait \"x\" \\ ünit.seconds", Type: model.Histogram}, histograms("päth")},
		{model.Family{Name: "native_seconds", Type: model.Histogram}, natives()},
		{model.Family{Name: "queue_age", Type: model.GaugeHistogram}, []model.Point{
			{Created: at(5e9), Histogram: &model.HistogramValue{Count: 4, Sum: -1.5, Buckets: []model.Bucket{{UpperBound: -1, Count: 1}, {UpperBound: 1, Count: 3}}}},
		}},
		{model.Family{Name: "my.dotted_total", Type: model.Counter}, []model.Point{
			{Value: 1, Created: at(1e9), Exemplar: quoted},
			{Labels: labels("plain", "x"), Value: 2},
			{Labels: labels("http.status", "200", "plain", "a\nb"), Value: 3, TimestampMs: 5, HasTimestamp: true},
			{Labels: labels("\"", "1", "\n", "2", "ü", "3", "1st", "4"), Value: 5},
		}},
	}
}

// numbered returns points with one value each, distinguished by a label.
func numbered(vs ...float64) []model.Point {
	points := make([]model.Point, len(vs))
	for i, v := range vs {
		points[i] = model.Point{Labels: labels("n", string(rune('A'+i))), Value: v}
	}
	return points
}

func summaries(label string) []model.Point {
	return []model.Point{
		{Summary: &model.SummaryValue{}},
		{Labels: labels(label, "a"), Created: at(1_600_000_000_500_000_000), Summary: &model.SummaryValue{Count: 2693, Sum: 1.7560473e+07,
			Quantiles: []model.Quantile{{Quantile: 0, Value: nan}, {Quantile: 0.5, Value: 4773}, {Quantile: 0.9, Value: 9001.25}, {Quantile: 1, Value: inf}}}},
		{Labels: labels(label, "b"), TimestampMs: 1234, HasTimestamp: true, Summary: &model.SummaryValue{Count: 1e7, Sum: nan,
			Quantiles: []model.Quantile{{Quantile: 0.5, Value: nan}, {Quantile: 0.99, Value: nan}}}},
	}
}

func histograms(label string) []model.Point {
	buckets := []model.Bucket{
		{UpperBound: 0.005, Count: 1, Exemplar: traced}, {UpperBound: 1, Count: 33444}, {UpperBound: 2.5, Count: 100392, Exemplar: quoted},
	}
	return []model.Point{
		{Created: at(1_700_000_000_000_000_000), Histogram: &model.HistogramValue{Count: 144320, Sum: 53423, Buckets: buckets}},
		{Labels: labels(label, "/"), Histogram: &model.HistogramValue{Count: 144320, Sum: 53423.25,
			Buckets: slices.Concat(buckets, []model.Bucket{{UpperBound: inf, Count: 144320, Exemplar: traced}})}},
		{Labels: labels(label, "/x"), TimestampMs: 1_520_879_607_789, HasTimestamp: true, Created: at(1),
			Histogram: &model.HistogramValue{Count: math.MaxUint64, Sum: nan, Buckets: buckets[1:3]}},
		{Labels: labels(label, "/y"), Histogram: &model.HistogramValue{Count: 3, Sum: 1, Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 3}}},
		{Labels: labels(label, "/z"), Histogram: &model.HistogramValue{Count: 4, Sum: 1, Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 4}}},
	}
}

func natives() []model.Point {
	spans := []model.Span{{Offset: -4, Length: 2}, {Offset: 1, Length: 3}}
	native := &model.NativeHistogram{
		Schema: -3, ZeroThreshold: 2.938735877055719e-39, ZeroCount: 2,
		Positive: model.NativeBuckets{Spans: spans, Deltas: []int64{1, -1, 200, -3, 0}},
		Negative: model.NativeBuckets{Spans: []model.Span{{Length: 1}}, Deltas: []int64{5}}, Exemplars: []*model.Exemplar{traced, quoted},
	}
	floats := &model.NativeHistogram{
		Schema: 1, ZeroThreshold: 0.5, ZeroCountFloat: 0.25, Positive: model.NativeBuckets{Spans: spans[:1], Counts: []float64{1.5, 3}},
	}
	return []model.Point{
		{Created: at(1_700_000_000_000_000_001), Histogram: &model.HistogramValue{Count: 602, Sum: -3.5, Native: native}},
		{Labels: labels("state", "both"), TimestampMs: 9, HasTimestamp: true, Histogram: &model.HistogramValue{Count: 602, Sum: 1, Native: native,
			Buckets: []model.Bucket{{UpperBound: 1, Count: 2, Exemplar: traced}, {UpperBound: 2, Count: 3}}}},
		{Labels: labels("state", "empty"), Histogram: &model.HistogramValue{Native: &model.NativeHistogram{
			Schema: 3, Positive: model.NativeBuckets{Spans: []model.Span{{}}}}}},
		{Labels: labels("state", "floats"), Histogram: &model.HistogramValue{CountFloat: 4.75, Native: floats}},
	}
}

// written returns families in a format, and the expected result of reading them.
func written(t testing.TB, f parse.Format, families []family, createdLines bool) (body string, want []*dto.MetricFamily) {
	t.Helper()
	var buf bytes.Buffer
	var b clientmodel.Builder
	out := map[parse.Format]encode.Format{parse.Text: encode.Text, parse.OpenMetrics: encode.OpenMetrics, parse.Protobuf: encode.Protobuf}[f]
	e := encode.NewEncoder(&buf, encode.Options{Format: out, Escaping: common.NoEscaping, CreatedLines: createdLines})
	defer e.Release()
	for _, m := range families {
		if err := e.Family(&m.Family); err != nil {
			t.Fatal(err)
		}
		if err := b.Family(&m.Family); err != nil {
			t.Fatal(err)
		}
		for i := range m.points {
			p := m.points[i]
			if err := e.Point(&p); err != nil {
				continue // The format does not support float histograms.
			}
			if f == parse.OpenMetrics && !createdLines {
				p.Created = model.Instant{}
			}
			if err := b.Point(&p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	want = b.Families()
	slices.SortStableFunc(want, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return buf.String(), want
}

// TestRoundTrip writes and reads families in every format.
func TestRoundTrip(t *testing.T) {
	for _, f := range formats {
		for _, createdLines := range []bool{false, true} {
			body, want := written(t, f.in, corpus(), createdLines)
			got := read(t, f.in, body, parse.Limits{})
			if got.err != nil || len(got.dropped) > 0 {
				t.Errorf("%s: %v, dropped %q, in\n%s", f.name, got.err, got.dropped, body)
				continue
			}
			diff(t, canonical(f.in, got.families), canonical(f.in, want))
			for _, mf := range want {
				name := mf.GetName()
				if isSource := slices.Contains(got.sources, name); isSource == strings.HasSuffix(name, "_scattered") {
					t.Errorf("%s: %s is a source: %t", f.name, name, isSource)
				}
			}
			if want := []string{"latency_last", "latency_seconds", "native_seconds", "rpc_seconds", "temperature_celsius", "untyped"}; !slices.Equal(without(got.mixed, '.'), want) {
				t.Errorf("%s: mixed are %q, want %q and those with dots", f.name, without(got.mixed, '.'), want)
			}
		}
	}
}

// without returns the names that do not contain c, sorted.
func without(names []string, c byte) (rest []string) {
	for _, name := range names {
		if strings.IndexByte(name, c) < 0 {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return rest
}
