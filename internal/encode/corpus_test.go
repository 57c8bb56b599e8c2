package encode_test

import (
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
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

// values returns points with one value each, distinguished by a label.
func values(vs ...float64) []model.Point {
	points := make([]model.Point, len(vs))
	for i, v := range vs {
		points[i] = model.Point{Labels: labels("n", string(rune('a'+i))), Value: v}
	}
	return points
}

func quantiles(pairs ...float64) []model.Quantile {
	var qs []model.Quantile
	for i := 0; i < len(pairs); i += 2 {
		qs = append(qs, model.Quantile{Quantile: pairs[i], Value: pairs[i+1]})
	}
	return qs
}

func spans(pairs ...int32) []model.Span {
	var spans []model.Span
	for i := 0; i < len(pairs); i += 2 {
		spans = append(spans, model.Span{Offset: pairs[i], Length: uint32(pairs[i+1])})
	}
	return spans
}

var (
	inf = math.Inf(+1)
	nan = math.NaN()

	traced = &model.Exemplar{Labels: labels("trace_id", "4bf92f3577b34da6"), Value: 0.67, Timestamp: at(1_520_879_607_789_000_000)}
	// An exemplar with neither labels nor timestamp.
	anonymous = &model.Exemplar{Value: 3}
	quoted    = &model.Exemplar{Labels: labels("trace.id", "a\"b\\c\nd"), Value: 1e6}
)

// corpus is an exposition that uses every feature.
var corpus = []*family{
	{Family: model.Family{Name: "http_requests_total", Help: "Requests.", Type: model.Counter}, points: []model.Point{
		{Labels: labels("code", "200", "method", "GET"), Value: 1027, Exemplar: traced, Created: at(1_700_000_000_123_456_789)},
		{Labels: labels("code", "400", "method", "GET"), Value: 3, Exemplar: anonymous, TimestampMs: 1_395_066_363_000, HasTimestamp: true},
		{Labels: labels("code", "500", "method", "POST"), Value: 1e6, Exemplar: quoted, Created: at(0), TimestampMs: -1, HasTimestamp: true},
	}},
	{Family: model.Family{Name: "bare_counter", Help: "A counter without suffix.", Type: model.Counter}, points: []model.Point{
		{Value: 2, Created: at(-1_500_000_000), Exemplar: traced},
	}},
	{Family: model.Family{Name: "cpu_seconds_total", Help: "", Unit: "seconds", Type: model.Counter}, points: []model.Point{{Value: 12.47}}},
	{Family: model.Family{Name: "mismatched_total", Unit: "bytes", Type: model.Counter, NoHelp: true}, points: []model.Point{{Value: 1}}},
	{Family: model.Family{Name: "empty", Help: "A family without points.", Type: model.Gauge}},
	{Family: model.Family{Name: "numbers", Help: "A \\ and a \" and a\nnew line, ünïcödé.", Type: model.Gauge}, points: values(
		0, math.Copysign(0, -1), 1, -1, 0.1, -0.1, 42, 999999, 1e6, 1234567, -1e6, 1e15, 1<<53, 1e21, 1e300, 5e-324,
		nan, inf, math.Inf(-1), math.Pi, 1e-4, 1e-5, 123.456789, 0.3000000000000004)},
	{Family: model.Family{Name: "temperature_celsius", Help: "With a unit.", Unit: "celsius", Type: model.Gauge}, points: []model.Point{
		{Labels: labels("room", "back\\slash \"quote\" new\nline ünï", "z", ""), Value: 21.5},
	}},
	{Family: model.Family{Name: "something_untyped", NoHelp: true}, points: []model.Point{
		{Value: 7}, {Labels: labels("a", "b"), Value: 8, TimestampMs: 1, HasTimestamp: true},
	}},
	{Family: model.Family{Name: "rpc_seconds", Help: "A summary.", Unit: "seconds", Type: model.Summary}, points: []model.Point{
		{Summary: &model.SummaryValue{}},
		{Labels: labels("service", "a"), Created: at(1_600_000_000_500_000_000), Summary: &model.SummaryValue{
			Count: 2693, Sum: 1.7560473e+07, Quantiles: quantiles(0, nan, 0.5, 4773, 0.9, 9001.25, 1, inf)}},
		{Labels: labels("service", "b"), TimestampMs: 1234, HasTimestamp: true, Summary: &model.SummaryValue{
			Count: 1e7, Sum: nan, Quantiles: quantiles(0.5, nan, 0.99, nan)}},
	}},
	{Family: model.Family{Name: "latency_seconds", Help: "Classic.", Unit: "seconds", Type: model.Histogram}, points: histograms()},
	{Family: model.Family{Name: "native_seconds", Help: "Native, and both.", Type: model.Histogram}, points: natives()},
	{Family: model.Family{Name: "float_histogram", Help: "Float counts.", Type: model.Histogram}, points: floatHistograms()},
	{Family: model.Family{Name: "queue_age_seconds", Help: "Goes down, too.", Type: model.GaugeHistogram}, points: []model.Point{
		{Created: at(5_000_000_000), Histogram: &model.HistogramValue{Count: 4, Sum: -1.5, Buckets: []model.Bucket{{UpperBound: -1, Count: 1}, {UpperBound: 1, Count: 3}}}},
	}},
	{Family: model.Family{Name: "my.dotted_counter_total", Help: "UTF-8 names.", Type: model.Counter}, points: []model.Point{
		{Value: 1, Created: at(1e9), Exemplar: quoted},
		{Labels: labels("plain", "x"), Value: 2},
		{Labels: labels("http.status", "200", "plain", "a\nb"), Value: 3, TimestampMs: 5, HasTimestamp: true},
		{Labels: labels("a.b", "1", "a_b", "2"), Value: 4},
		{Labels: labels("\"", "1", "\n", "2", "ü", "3", "1st", "4"), Value: 5},
	}},
	{Family: model.Family{Name: "wait \"x\" \\ ünit.seconds", Help: "Escapes in a name.", Unit: "seconds", Type: model.Histogram}, points: histograms()},
	{Family: model.Family{Name: "1digit", Help: "Begins with a digit.", Type: model.Summary}, points: []model.Point{
		{Summary: &model.SummaryValue{Count: 1, Sum: 1, Quantiles: quantiles(0.5, 1)}},
		{Labels: labels("l.l", "v"), Summary: &model.SummaryValue{Count: 1, Sum: 1, Quantiles: quantiles(0.5, 1)}},
	}},
	{Family: model.Family{Name: "_total", Help: "Nothing but a suffix.", Type: model.Counter}, points: []model.Point{{Value: 1, Created: at(1)}}},
	{Family: model.Family{Name: "bad_help", Help: "not \xff UTF-8", Type: model.Gauge}, points: values(1)},
	{Family: model.Family{Name: "bad_name\xff", Help: "Cannot be written.", Type: model.Gauge}, points: values(1)},
	{Family: model.Family{Name: "", Help: "Neither can this.", Type: model.Gauge}, points: values(1, 2)},
}

func histograms() []model.Point {
	buckets := []model.Bucket{
		{UpperBound: 0.005, Count: 1, Exemplar: traced},
		{UpperBound: 1, Count: 33444, Exemplar: anonymous},
		{UpperBound: 2.5, Count: 100392, Exemplar: quoted},
		{UpperBound: 1e6, Count: 1e7},
	}
	withInf := slices.Concat(buckets[:3], []model.Bucket{{UpperBound: inf, Count: 144320, Exemplar: traced}})
	return []model.Point{
		{Created: at(1_700_000_000_000_000_000), Histogram: &model.HistogramValue{Count: 144320, Sum: 53423, Buckets: buckets}},
		{Labels: labels("path", "/"), Histogram: &model.HistogramValue{Count: 144320, Sum: 53423.25, Buckets: withInf}},
		{Labels: labels("path", "/x"), TimestampMs: 1_520_879_607_789, HasTimestamp: true, Created: at(1),
			Histogram: &model.HistogramValue{Count: math.MaxUint64, Sum: nan, Buckets: buckets[1:3]}},
		{Labels: labels("path.name", "/y"), Histogram: &model.HistogramValue{}},
	}
}

func natives() []model.Point {
	native := &model.NativeHistogram{
		Schema: -3, ZeroThreshold: 2.938735877055719e-39, ZeroCount: 2,
		Positive:  model.NativeBuckets{Spans: spans(-4, 2, 1, 3), Deltas: []int64{1, -1, 200, -3, 0}},
		Negative:  model.NativeBuckets{Spans: spans(0, 1), Deltas: []int64{5}},
		Exemplars: []*model.Exemplar{traced, anonymous, quoted},
	}
	// The empty span marks a native histogram without observations.
	empty := &model.NativeHistogram{Schema: 3, Positive: model.NativeBuckets{Spans: []model.Span{{}}}}
	return []model.Point{
		{Created: at(1_700_000_000_000_000_001), Histogram: &model.HistogramValue{Count: 210, Sum: -3.5, Native: native}},
		{Labels: labels("state", "empty"), Histogram: &model.HistogramValue{Native: empty}},
		{Labels: labels("state", "both"), TimestampMs: 9, HasTimestamp: true, Histogram: &model.HistogramValue{Count: 3, Sum: 1, Native: native,
			Buckets: []model.Bucket{{UpperBound: 1, Count: 2, Exemplar: traced}, {UpperBound: 2, Count: 3}}}},
	}
}

func floatHistograms() []model.Point {
	return []model.Point{
		{Histogram: &model.HistogramValue{CountFloat: 2.5, Sum: 1, Buckets: []model.Bucket{{UpperBound: 1, CountFloat: 1.5}, {UpperBound: 2}}}},
		{Labels: labels("n", "1"), Histogram: &model.HistogramValue{Count: 3, CountFloat: 2.5, Sum: 1}},
		{Labels: labels("n", "2"), Histogram: &model.HistogramValue{Count: 3, Sum: 1, Buckets: []model.Bucket{{UpperBound: 1, Count: 1, CountFloat: 1.5}}}},
		{Labels: labels("n", "3"), Histogram: &model.HistogramValue{Count: 1, Sum: 1}},
		{Labels: labels("n", "4"), Histogram: &model.HistogramValue{CountFloat: 7.75, Sum: 1, Native: &model.NativeHistogram{
			Schema: 1, ZeroThreshold: 0.5, ZeroCountFloat: 0.25,
			Positive: model.NativeBuckets{Spans: spans(1, 2), Counts: []float64{1.5, 3}},
			Negative: model.NativeBuckets{Spans: spans(1, 1), Counts: []float64{3}},
		}}},
	}
}
