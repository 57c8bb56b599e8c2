package clientmodel_test

import (
	"math"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// TestOrderIsRestored checks that labels and buckets may be in any order. Collectors that range over a map
// send them in a random order.
func TestOrderIsRestored(t *testing.T) {
	in := family("h", dto.MetricType_HISTOGRAM, &dto.Metric{Label: pairs("b", "2", "a", "1"), Histogram: &dto.Histogram{
		SampleCount: new(uint64(3)), SampleSum: new(1.0),
		Bucket: []*dto.Bucket{bucket(math.Inf(1), 3, nil), bucket(1, 1, traced()), bucket(2, 2, nil)},
	}})
	want := family("h", dto.MetricType_HISTOGRAM, &dto.Metric{Label: pairs("a", "1", "b", "2"), Histogram: &dto.Histogram{
		SampleCount: new(uint64(3)), SampleSum: new(1.0),
		Bucket: []*dto.Bucket{bucket(1, 1, traced()), bucket(2, 2, nil), bucket(math.Inf(1), 3, nil)},
	}})
	same(t, roundTrip(t, []*dto.MetricFamily{in}), []*dto.MetricFamily{want})
}

// TestMissingTypeIsCounter checks that a missing type means counter, the default of the protobuf field.
func TestMissingTypeIsCounter(t *testing.T) {
	mf := family("c", dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: new(1.0)}})
	mf.Type = nil
	f, err := clientmodel.DecodeFamily(mf)
	if err != nil || f.Type != model.Counter {
		t.Errorf("got %+v, %v", f, err)
	}
}

// TestTimesOutOfRange checks that times that are out of range count as unknown, not as errors.
func TestTimesOutOfRange(t *testing.T) {
	for name, ts := range map[string]*timestamppb.Timestamp{
		"the zero time": timestamppb.New(time.Time{}),
		"year 9999":     at(253402300799, 0),
		"bad nanos":     at(1, -1),
	} {
		var (
			d clientmodel.Decoder
			p model.Point
		)
		m := &dto.Metric{Counter: &dto.Counter{CreatedTimestamp: ts, Exemplar: &dto.Exemplar{Timestamp: ts}}}
		if err := d.Point(m, model.Counter, &p); err != nil {
			t.Fatal(err)
		}
		if p.Created.Valid || p.Exemplar.Timestamp.Valid {
			t.Errorf("%s: got %v and %v", name, p.Created, p.Exemplar.Timestamp)
		}
	}
}

// TestNilParts checks metrics with nil parts. Careless collectors write such metrics.
func TestNilParts(t *testing.T) {
	m := &dto.Metric{Histogram: &dto.Histogram{
		Bucket: []*dto.Bucket{nil}, PositiveSpan: []*dto.BucketSpan{nil}, Exemplars: []*dto.Exemplar{nil, traced()},
	}, Summary: &dto.Summary{Quantile: []*dto.Quantile{nil}}}
	var (
		d clientmodel.Decoder
		p model.Point
	)
	if err := d.Point(m, model.Histogram, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Histogram.Native.Exemplars) != 1 {
		t.Errorf("%d exemplars, want the one that is there", len(p.Histogram.Native.Exemplars))
	}
	if err := d.Point(m, model.Summary, &p); err != nil || len(p.Summary.Quantiles) != 1 {
		t.Errorf("got %+v, %v", p.Summary, err)
	}
}

func TestEncodeLabelMap(t *testing.T) {
	got := clientmodel.EncodeLabelMap(map[string]string{"x": "1"})
	if len(got) != 1 || got[0].GetName() != "x" || got[0].GetValue() != "1" {
		t.Errorf("got %v", got)
	}
}
