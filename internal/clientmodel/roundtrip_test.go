package clientmodel_test

import (
	"math"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// kinds returns families of every type whose metrics set all their fields.
func kinds() map[string]*dto.MetricFamily {
	bare := family("no_help", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}})
	bare.Help = nil
	unit := family("disk_bytes", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}})
	unit.Unit, unit.Help = new("bytes"), new("")
	return map[string]*dto.MetricFamily{
		"no help": bare,
		"unit":    unit,
		"counter": family("c_total", dto.MetricType_COUNTER,
			&dto.Metric{Counter: &dto.Counter{Value: new(1.0)}},
			&dto.Metric{Label: pairs("a", ""), Counter: &dto.Counter{Value: new(2.0), Exemplar: traced()}},
			&dto.Metric{Label: pairs("a", "\\\"\n"), Counter: &dto.Counter{Value: new(math.Inf(1)), CreatedTimestamp: at(2, 999_999_999)}},
		),
		"gauge": family("my.gauge", dto.MetricType_GAUGE,
			&dto.Metric{Label: pairs("http.method", "GET", "plain", "ü"), Gauge: &dto.Gauge{Value: new(math.NaN())}, TimestampMs: new(int64(5))},
			&dto.Metric{Label: pairs("other", "x"), Gauge: &dto.Gauge{Value: new(-1.5)}, TimestampMs: new(int64(0))},
			&dto.Metric{Label: pairs("http.method", "PUT", "more", "1", "plain", ""), Gauge: &dto.Gauge{Value: new(0.0)}},
		),
		"untyped": family("u", dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{Value: new(7.0)}, TimestampMs: new(int64(253_402_300_799_999))}),
		"summary": family("s", dto.MetricType_SUMMARY,
			&dto.Metric{Summary: &dto.Summary{SampleCount: new(uint64(0)), SampleSum: new(0.0)}},
			&dto.Metric{Label: pairs("le", "is not reserved here"), Summary: &dto.Summary{
				SampleCount: new(uint64(math.MaxUint64)), SampleSum: new(1.0), CreatedTimestamp: at(0, 0),
				Quantile: []*dto.Quantile{{Quantile: new(0.5), Value: new(math.NaN())}, {Quantile: new(1.0), Value: new(2.0)}},
			}},
		),
		"histogram": family("h", dto.MetricType_HISTOGRAM,
			&dto.Metric{Histogram: &dto.Histogram{SampleCount: new(uint64(0)), SampleSum: new(0.0)}},
			&dto.Metric{Label: pairs("quantile", "is not reserved here"), Histogram: &dto.Histogram{
				SampleCount: new(uint64(9)), SampleSum: new(math.NaN()), CreatedTimestamp: at(1, 1),
				Bucket: []*dto.Bucket{bucket(-1, 1, traced()), bucket(2.5, 3, nil), bucket(math.Inf(1), 9, traced())},
			}, TimestampMs: new(int64(1))},
		),
		"native": family("n", dto.MetricType_HISTOGRAM,
			&dto.Metric{Histogram: native()},
			&dto.Metric{Label: pairs("state", "empty"), Histogram: &dto.Histogram{
				SampleCount: new(uint64(0)), SampleSum: new(0.0), Schema: new(int32(3)),
				ZeroThreshold: new(0.0), ZeroCount: new(uint64(0)), PositiveSpan: spans(0, 0),
			}},
			&dto.Metric{Label: pairs("state", "classic, after a native one"), Histogram: &dto.Histogram{
				SampleCount: new(uint64(1)), SampleSum: new(1.0), Bucket: []*dto.Bucket{bucket(1, 1, nil)},
			}},
		),
		"float": family("f", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCountFloat: new(2.5), SampleSum: new(1.0), Bucket: []*dto.Bucket{floatBucket(1, 1.5), floatBucket(2, 2.5)},
		}}),
		"gauge histogram": family("g", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCount: new(uint64(4)), SampleSum: new(-1.5), Bucket: []*dto.Bucket{bucket(1, 3, nil)},
		}}),
		"native float gauge histogram": family("fg", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
			SampleCountFloat: new(5.5), SampleSum: new(-1.0), Schema: new(int32(-4)), ZeroThreshold: new(0.5), ZeroCountFloat: new(1.0),
			PositiveSpan: spans(1, 2), PositiveCount: []float64{1.5, 3}, NegativeSpan: spans(-1, 1), NegativeCount: []float64{0},
		}}),
	}
}

func native() *dto.Histogram {
	return &dto.Histogram{
		SampleCount: new(uint64(10)), SampleSum: new(3.0), CreatedTimestamp: at(2, 0), Schema: new(int32(8)),
		ZeroThreshold: new(1e-128), ZeroCount: new(uint64(1)),
		PositiveSpan: spans(-3, 2, 5, 1), PositiveDelta: []int64{1, 2, -3},
		NegativeSpan: spans(0, 1), NegativeDelta: []int64{5},
		Exemplars: []*dto.Exemplar{traced(), traced()},
		Bucket:    []*dto.Bucket{bucket(1, 2, nil)},
	}
}

func TestRoundTrip(t *testing.T) {
	var all []*dto.MetricFamily
	for name, mf := range kinds() {
		t.Run(name, func(t *testing.T) {
			one := []*dto.MetricFamily{mf}
			same(t, roundTrip(t, one), one)
		})
		all = append(all, mf)
	}
	same(t, roundTrip(t, all), all)
}

// TestBuildOwnsNothing checks that modifying a built family changes no other data.
func TestBuildOwnsNothing(t *testing.T) {
	f := &model.Family{Name: "a_seconds", Help: "Help.", Unit: "seconds", Type: model.Histogram}
	var d clientmodel.Decoder
	var p model.Point
	if err := d.Point(&dto.Metric{Histogram: native()}, model.Histogram, &p); err != nil {
		t.Fatal(err)
	}
	var b clientmodel.Builder
	_, _ = b.Family(f), b.Point(&p)
	mf := b.Families()[0]
	*mf.Name, *mf.Help, *mf.Unit = "x", "x", "x"
	h := mf.Metric[0].Histogram
	h.PositiveDelta[0], *h.PositiveSpan[0].Offset, *h.Bucket[0].UpperBound = 100, 100, 100
	if f.Name != "a_seconds" || f.Help != "Help." || f.Unit != "seconds" {
		t.Errorf("the family is now %+v", f)
	}
	n := p.Histogram.Native
	if n.Positive.Deltas[0] != 1 || n.Positive.Spans[0].Offset != -3 || p.Histogram.Buckets[0].UpperBound != 1 {
		t.Errorf("the point is now %+v, %+v", p.Histogram, n)
	}
}

// TestEmptyFamiliesAreLeftOut checks that the builder omits empty families, as client_golang does.
func TestEmptyFamiliesAreLeftOut(t *testing.T) {
	var b clientmodel.Builder
	for _, name := range []string{"a", "b", "c"} {
		if err := b.Family(&model.Family{Name: name}); err != nil {
			t.Fatal(err)
		}
		if name == "b" {
			_ = b.Point(&model.Point{Value: 1})
		}
	}
	if got := b.Families(); len(got) != 1 || got[0].GetName() != "b" {
		t.Errorf("got %v", got)
	}
}

// TestPointsAreOnlyBorrowed checks that a cloned point survives the next point.
func TestPointsAreOnlyBorrowed(t *testing.T) {
	for name, mf := range kinds() {
		t.Run(name, func(t *testing.T) {
			var kept []model.Point
			err := clientmodel.Decode(mf, func(_ *model.Family, p *model.Point) error {
				kept = append(kept, p.Clone())
				return nil
			}, func(err error) { t.Error(err) })
			if err != nil {
				t.Fatal(err)
			}
			f, err := clientmodel.DecodeFamily(mf)
			if err != nil {
				t.Fatal(err)
			}
			var b clientmodel.Builder
			_ = b.Family(f)
			for i := range kept {
				_ = b.Point(&kept[i])
			}
			same(t, b.Families(), []*dto.MetricFamily{mf})
		})
	}
}
