package clientmodel_test

import (
	"math"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// TestUnreadableSamples checks that a sample for which Prometheus would refuse a whole exposition costs
// only its metric, and that samples that Prometheus can read are not errors.
func TestUnreadableSamples(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		name string
		m    *dto.Metric
		want string // part of the error, or empty for no error
	}{
		{"timestamp 0", timed(0), ""},
		{"timestamp before 1970", timed(-1), "has the timestamp -1"},
		{"least timestamp", timed(math.MinInt64), "has the timestamp -9223372036854775808"},
		{"last millisecond of 9999", timed(253_402_300_799_999), ""},
		{"year 10000", timed(253_402_300_800_000), "has the timestamp 253402300800000"},
		{"largest timestamp", timed(math.MaxInt64), "the end of the year 9999"},

		{"cumulative buckets", classic(5, bucket(1, 2, nil), bucket(2, 2, nil), bucket(inf, 5, nil)), ""},
		{"negative bounds", classic(5, bucket(math.Inf(-1), 2, nil), bucket(-2, 3, nil)), ""},
		{"falling buckets", classic(5, bucket(1, 5, nil), bucket(2, 3, nil)), "has a bucket 2 that counts 3, less than the 5 of the bucket below"},
		{"falling buckets out of order", classic(5, bucket(2, 3, nil), bucket(1, 5, nil)), "has a bucket 2 that counts 3"},
		{"bucket larger than all", classic(5, bucket(1, 6, nil)), "counts 5 observations in all but 6 in the bucket 1"},
		{"+Inf larger than all", classic(5, bucket(inf, 6, nil)), "counts 5 observations in all but 6 in the bucket +Inf"},
		{"+Inf smaller than all", classic(5, bucket(inf, 4, nil)), "counts 5 observations in all but 4 in the bucket +Inf"},
		{"no count", &dto.Metric{Histogram: &dto.Histogram{Bucket: []*dto.Bucket{bucket(1, 1, nil)}}}, "counts 0 observations in all"},
		{"float buckets", floats(2.5, floatBucket(1, 0.5), bucket(1.5, 2, nil), floatBucket(2, 2.5)), ""},
		{"float bucket in an integer histogram", classic(5, bucket(1, 1, nil), floatBucket(2, 0.5)), "has a bucket 2 that counts 0.5"},
		{"falling float buckets", floats(2.5, floatBucket(1, 2.5), floatBucket(2, 1)), "has a bucket 2 that counts 1"},
		{"float bucket larger than all", floats(2.5, floatBucket(1, 3)), "counts 2.5 observations in all but 3 in the bucket 1"},
		{"negative float count", floats(-1), "counts -1 observations"},
		{"float count NaN", floats(nan), "counts NaN observations"},
		{"infinite float count", floats(inf), "counts +Inf observations"},
		{"negative float bucket", floats(1, floatBucket(1, -1)), "has a bucket 1 that counts -1"},
		{"float bucket NaN", floats(1, floatBucket(1, nan)), "has a bucket 1 that counts NaN"},

		{"native", sparse(func(*dto.Histogram) {}), ""},
		{"spans without deltas", sparse(func(h *dto.Histogram) { h.PositiveDelta = nil }), "has 0 positive buckets but spans for 3"},
		{"deltas without spans", sparse(func(h *dto.Histogram) { h.PositiveSpan = nil }), "has 3 positive buckets but spans for 0"},
		{"only deltas", &dto.Metric{Histogram: &dto.Histogram{NegativeDelta: []int64{1}}}, "has 1 negative buckets but spans for 0"},
		{"only float buckets", &dto.Metric{Histogram: &dto.Histogram{NegativeCount: []float64{1}}}, "has 1 negative buckets but spans for 0"},
		{"absurd span", sparse(func(h *dto.Histogram) { h.NegativeSpan[0].Length = new(uint32(math.MaxUint32)) }), "up to index 4294967294"},
		{"many absurd spans", sparse(func(h *dto.Histogram) { h.NegativeSpan = spans(0, -1, 0, -1) }), "has negative buckets up to index"},
		{"spans beyond the last index", sparse(func(h *dto.Histogram) { h.PositiveSpan = spans(math.MaxInt32, 2, 0, 1) }), "the last one allowed is 2147483647"},
		{"offsets that overflow", sparse(func(h *dto.Histogram) { h.PositiveSpan = spans(math.MaxInt32, 1, math.MaxInt32, 2) }), "up to index"},
		{"first index", sparse(func(h *dto.Histogram) { h.PositiveSpan = spans(math.MinInt32, 3) }), "from index -2147483648 on"},
		{"spans that go back", sparse(func(h *dto.Histogram) { h.PositiveSpan = spans(0, 2, -1, 1) }), "has a span of positive buckets with the offset -1"},
		{"negative bucket count", sparse(func(h *dto.Histogram) { h.PositiveDelta = []int64{1, -2, 1} }), "has a positive bucket that counts -1"},
		{"bucket count that overflows", sparse(func(h *dto.Histogram) { h.PositiveDelta = []int64{1, math.MaxInt64, 1} }), "has a positive bucket whose count is more than"},
		{"bucket counts that overflow", sparse(func(h *dto.Histogram) { h.PositiveDelta = []int64{math.MaxInt64, 0, 0} }), "has positive buckets that count more than"},
		{"more in buckets", sparse(func(h *dto.Histogram) { h.SampleCount = new(uint64(9)) }), "counts 9 observations in all but 10 in its native buckets"},
		{"less in buckets", sparse(func(h *dto.Histogram) { h.SampleCount = new(uint64(11)) }), "counts 11 observations in all but 10 in its native buckets"},
		{"zero bucket that overflows", sparse(func(h *dto.Histogram) { h.ZeroCount = new(uint64(math.MaxUint64)) }), "in its native buckets"},
		{"less in buckets because of NaN", sparse(func(h *dto.Histogram) { h.SampleCount, h.SampleSum = new(uint64(11)), new(nan) }), ""},
		{"more in buckets in spite of NaN", sparse(func(h *dto.Histogram) { h.SampleCount, h.SampleSum = new(uint64(9)), new(nan) }), "counts 9 observations"},
		{"schema too low", sparse(func(h *dto.Histogram) { h.Schema = new(int32(-5)) }), "has the schema -5: it must be from -4 to 8"},
		{"schema too high", sparse(func(h *dto.Histogram) { h.Schema = new(int32(9)) }), "has the schema 9"},
		{"custom buckets", sparse(func(h *dto.Histogram) { h.Schema = new(int32(-53)) }), "has the schema -53"},
		{"zero threshold NaN", sparse(func(h *dto.Histogram) { h.ZeroThreshold = new(nan) }), "has the zero threshold NaN"},
		{"negative zero threshold", sparse(func(h *dto.Histogram) { h.ZeroThreshold = new(-1.0) }), "has the zero threshold -1"},
		{"infinite zero threshold", sparse(func(h *dto.Histogram) { h.ZeroThreshold = new(inf) }), "has the zero threshold +Inf"},
		{"only a zero threshold NaN", &dto.Metric{Histogram: &dto.Histogram{ZeroThreshold: new(nan)}}, "has the zero threshold NaN"},
		{"zero count NaN", sparse(func(h *dto.Histogram) { h.ZeroCountFloat = new(nan) }), "has a zero bucket that counts NaN"},
		{"integer and float buckets", sparse(func(h *dto.Histogram) { h.PositiveCount = []float64{1, 2, 3} }), "has float counts as well as deltas"},
		{"float spans without counts", sparse(func(h *dto.Histogram) {
			h.PositiveDelta, h.NegativeDelta, h.SampleCountFloat = nil, nil, new(1.0)
		}), "has 0 positive buckets but spans for 3"},
		{"negative float bucket count", sparse(func(h *dto.Histogram) {
			h.PositiveDelta, h.NegativeDelta, h.NegativeSpan, h.PositiveCount = nil, nil, nil, []float64{1, -1, 1}
		}), "has a positive bucket that counts -1"},

		{"quantiles", quantiles(0.5, 0, 0.99, 1), ""},
		{"quantiles that are percentages", quantiles(50, 99), ""}, // Prometheus accepts them.
		{"quantile NaN", quantiles(0.5, nan), "has a quantile whose rank is not a number"},
		{"quantile twice", quantiles(0.5, 0.9, 0.5), "has two or more quantiles with the same rank: 0.5"},

		{"NUL in a label name", gauge("a\x00", "1"), `has a label with an invalid name: "a\x00" contains a NUL byte`},
		{"NUL in a label value", gauge("a", "\x00"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var (
				d clientmodel.Decoder
				p model.Point
			)
			kind, err := clientmodel.TypeOf(test.m)
			if err == nil {
				err = d.Point(test.m, kind, &p)
			}
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want … %s …", err, test.want)
			}
			if err := d.Point(gauge("a", "1"), model.Gauge, &p); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

func timed(ms int64) *dto.Metric {
	return &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, TimestampMs: &ms}
}

func classic(count uint64, buckets ...*dto.Bucket) *dto.Metric {
	return &dto.Metric{Histogram: &dto.Histogram{SampleCount: &count, Bucket: buckets}}
}

func floats(count float64, buckets ...*dto.Bucket) *dto.Metric {
	return &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: &count, Bucket: buckets}}
}

// sparse returns a native histogram after applying change.
func sparse(change func(*dto.Histogram)) *dto.Metric {
	h := native()
	h.Bucket = nil
	change(h)
	return &dto.Metric{Histogram: h}
}

func quantiles(ranks ...float64) *dto.Metric {
	s := &dto.Summary{SampleCount: new(uint64(1))}
	for _, rank := range ranks {
		s.Quantile = append(s.Quantile, &dto.Quantile{Quantile: &rank, Value: new(1.0)})
	}
	return &dto.Metric{Summary: s}
}

// TestDescribe checks that errors name a metric by its labels, even by invalid ones, and stay short
// when the metric is large.
func TestDescribe(t *testing.T) {
	for want, m := range map[string]*dto.Metric{
		`metric "m" {}`:                        nil,
		`metric "m" {a="1",b="\"\n"}`:          gauge("a", "1", "b", "\"\n"),
		`metric "m" {"a.b"="1","\xff"="\x00"}`: gauge("a.b", "1", "\xff", "\x00"),
		`metric "m" {""=""}`:                   {Label: []*dto.LabelPair{nil}},
		`metric "m" {h="1"}`:                   {Label: pairs("h", "1"), Histogram: native()},
	} {
		if got := clientmodel.Describe("m", m); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	long := strings.Repeat("x", 1e6)
	if n := len(clientmodel.Describe("m", gauge(long, long, long, long, "c", long))); n > 3000 {
		t.Errorf("a metric with long labels is described in %d bytes", n)
	}
}

// TestTimesBefore1970 checks that times before 1970 count as unknown, and that their samples stay valid.
func TestTimesBefore1970(t *testing.T) {
	_, p := decode(t, &dto.Metric{Counter: &dto.Counter{
		Value: new(1.0), CreatedTimestamp: at(-1, 0), Exemplar: &dto.Exemplar{Timestamp: at(-1, 999_999_999)},
	}})
	if p.Value != 1 || p.Created.Valid || p.Exemplar == nil || p.Exemplar.Timestamp.Valid {
		t.Errorf("got %+v", p)
	}
}
