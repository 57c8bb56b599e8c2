package clientmodel_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

func gauge(labels ...string) *dto.Metric {
	return &dto.Metric{Label: pairs(labels...), Gauge: &dto.Gauge{Value: new(1.0)}}
}

func histogram(buckets ...*dto.Bucket) *dto.Metric {
	return &dto.Metric{Histogram: &dto.Histogram{Bucket: buckets}}
}

// TestInvalidMetrics checks the errors for invalid metrics, and that the valid metrics beside them are
// decoded.
func TestInvalidMetrics(t *testing.T) {
	tests := []struct {
		name string
		typ  dto.MetricType
		m    *dto.Metric
		want string
	}{
		{"nil", dto.MetricType_GAUGE, nil, "is nil"},
		{"no value", dto.MetricType_GAUGE, &dto.Metric{}, "is not a GAUGE"},
		{"another type", dto.MetricType_COUNTER, gauge(), "is not a COUNTER"},
		{"no summary", dto.MetricType_SUMMARY, gauge(), "is not a SUMMARY"},
		{"no histogram", dto.MetricType_HISTOGRAM, gauge(), "is not a HISTOGRAM"},
		{"no gauge histogram", dto.MetricType_GAUGE_HISTOGRAM, gauge(), "is not a GAUGE_HISTOGRAM"},
		{"untyped", dto.MetricType_UNTYPED, gauge(), "is not a UNTYPED"},
		{"duplicate label", dto.MetricType_GAUGE, gauge("a", "1", "b", "2", "a", "3"), "has two or more labels with the same name: a"},
		{"nil label", dto.MetricType_GAUGE, &dto.Metric{Label: []*dto.LabelPair{nil}}, "has a label with an invalid name: it is empty"},
		{"label without name", dto.MetricType_GAUGE, gauge("", "1"), "has a label with an invalid name: it is empty"},
		{"reserved label", dto.MetricType_GAUGE, gauge("__a", "1"), `has a label with an invalid name: __a (the prefix "__" is reserved)`},
		{"name not UTF-8", dto.MetricType_GAUGE, gauge("\xff", "1"), `has a label with an invalid name: "\xff" is not UTF-8`},
		{"value not UTF-8", dto.MetricType_GAUGE, gauge("a", "\xff"), `has a label named "a" whose value is not utf8: "\xff"`},
		{"quantile label", dto.MetricType_SUMMARY, &dto.Metric{Label: pairs("quantile", "1"), Summary: &dto.Summary{}}, `must not have an explicit "quantile" label`},
		{"le label", dto.MetricType_HISTOGRAM, &dto.Metric{Label: pairs("le", "1"), Histogram: &dto.Histogram{}}, `must not have an explicit "le" label`},
		{"bucket NaN", dto.MetricType_HISTOGRAM, histogram(bucket(math.NaN(), 1, nil)), "has a bucket whose upper bound is not a number"},
		{"bucket twice", dto.MetricType_HISTOGRAM, histogram(bucket(2, 1, nil), bucket(1, 1, nil), bucket(2, 3, nil)), "has two or more buckets with the same upper bound: 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			good := &dto.Metric{
				Label: pairs("good", "1"), Gauge: &dto.Gauge{}, Counter: &dto.Counter{}, Untyped: &dto.Untyped{},
				Summary: &dto.Summary{}, Histogram: &dto.Histogram{},
			}
			mf := family("f", test.typ, good, test.m, good)
			before := proto.CloneOf(mf)
			var (
				points  int
				dropped []error
			)
			err := clientmodel.Decode(mf, func(_ *model.Family, p *model.Point) error {
				if !p.Labels.Has("good") {
					t.Errorf("got %+v", p)
				}
				points++
				return nil
			}, func(err error) { dropped = append(dropped, err) })
			if err != nil || points != 2 || len(dropped) != 1 {
				t.Fatalf("error %v, %d points, dropped %v", err, points, dropped)
			}
			if got := dropped[0].Error(); !strings.HasPrefix(got, `collected metric "f" {`) || !strings.Contains(got, test.want) {
				t.Errorf("got %s\nwant … %s", got, test.want)
			}
			if !proto.Equal(mf, before) {
				t.Error("the source was modified")
			}
		})
	}
}

// TestInvalidFamilies checks the errors for families that cannot be decoded at all.
func TestInvalidFamilies(t *testing.T) {
	tests := []struct {
		name string
		mf   *dto.MetricFamily
		want string
	}{
		{"nil", nil, "a metric family without a name"},
		{"no name", family("", dto.MetricType_GAUGE, gauge()), `a metric family without a name (help "Some help.")`},
		{"name not UTF-8", family("a\xff", dto.MetricType_GAUGE, gauge()), `a metric family whose name is not UTF-8: "a\xff"`},
		{"unknown type", family("a", 99, gauge()), `metric family "a" has the unknown type 99`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var dropped []error
			err := clientmodel.Decode(test.mf, func(*model.Family, *model.Point) error {
				t.Error("it has points")
				return nil
			}, func(err error) { dropped = append(dropped, err) })
			if err != nil || len(dropped) != 1 || !strings.Contains(dropped[0].Error(), test.want) {
				t.Errorf("error %v, dropped %v, want %s", err, dropped, test.want)
			}
		})
	}
}

// TestDecodeStopsWhenTold checks that Decode returns the first error of the function that gets the points,
// and does not call it again.
func TestDecodeStopsWhenTold(t *testing.T) {
	stop := errors.New("stop")
	calls := 0
	err := clientmodel.Decode(family("f", dto.MetricType_GAUGE, gauge("a", "1"), gauge("a", "2")), func(*model.Family, *model.Point) error {
		calls++
		return stop
	}, func(err error) { t.Error(err) })
	if err != stop || calls != 1 { //nolint:errorlint // It must be the same error.
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func TestTypeOf(t *testing.T) {
	for want, m := range map[model.Type]*dto.Metric{
		model.Gauge:     gauge(),
		model.Counter:   {Counter: &dto.Counter{}},
		model.Untyped:   {Untyped: &dto.Untyped{}},
		model.Summary:   {Summary: &dto.Summary{}},
		model.Histogram: histogram(),
	} {
		if got, err := clientmodel.TypeOf(m); got != want || err != nil {
			t.Errorf("got %v and %v, want %v", got, err, want)
		}
	}
	for _, m := range []*dto.Metric{nil, {}, {Label: pairs("a", "b")}} {
		if _, err := clientmodel.TypeOf(m); err == nil || err.Error() != "empty metric collected" {
			t.Errorf("%v: got %v", m, err)
		}
	}
}

// TestInvalidExemplars checks that a sample with an invalid exemplar is decoded without the exemplar.
func TestInvalidExemplars(t *testing.T) {
	bad := &dto.Exemplar{Label: pairs("x", "\xff")}
	for name, m := range map[string]*dto.Metric{
		"of a counter":          {Counter: &dto.Counter{Exemplar: bad}},
		"of a bucket":           {Histogram: &dto.Histogram{SampleCount: new(uint64(1)), Bucket: []*dto.Bucket{bucket(1, 1, bad)}}},
		"of a native histogram": {Histogram: &dto.Histogram{Schema: new(int32(1)), Exemplars: []*dto.Exemplar{bad}}},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				d clientmodel.Decoder
				p model.Point
			)
			typ, err := clientmodel.TypeOf(m)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Point(m, typ, &p); err != nil {
				t.Fatal(err)
			}
			if p.Exemplar != nil {
				t.Errorf("got %+v", p.Exemplar)
			}
			if err := d.BadExemplar(); err == nil || !strings.Contains(err.Error(), `has an exemplar with a label named "x" whose value is not utf8`) {
				t.Errorf("got error %v", err)
			}
			good := &dto.Metric{Gauge: &dto.Gauge{}}
			if err := d.Point(good, model.Gauge, &p); err != nil || d.BadExemplar() != nil {
				t.Errorf("got error %v, and the error of the point before: %v", err, d.BadExemplar())
			}
		})
	}
}
