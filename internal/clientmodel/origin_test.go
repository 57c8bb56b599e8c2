package clientmodel_test

import (
	"errors"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// decode converts a valid metric.
func decode(t *testing.T, m *dto.Metric) (model.Type, model.Point) {
	t.Helper()
	var (
		d clientmodel.Decoder
		p model.Point
	)
	kind, err := clientmodel.TypeOf(m)
	if err == nil {
		err = d.Point(m, kind, &p)
	}
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	return kind, p
}

// TestOrigin checks that a metric is passed on only if encoding its point would give an equal metric.
func TestOrigin(t *testing.T) {
	gauge := &dto.Gauge{Value: new(1.0)}
	untyped := &dto.Untyped{Value: new(1.0)}
	counter := &dto.Counter{Value: new(1.0)}
	summary := &dto.Summary{SampleCount: new(uint64(1)), SampleSum: new(1.0)}
	histogram := &dto.Histogram{SampleCount: new(uint64(1)), SampleSum: new(1.0)}
	for name, test := range map[string]struct {
		metric *dto.Metric
		want   bool
	}{
		"gauge":                   {&dto.Metric{Gauge: gauge}, true},
		"counter":                 {&dto.Metric{Counter: counter}, true},
		"untyped":                 {&dto.Metric{Untyped: untyped}, true},
		"with labels":             {&dto.Metric{Gauge: gauge, Label: pairs("a", "1", "b", "")}, true},
		"with a timestamp":        {&dto.Metric{Gauge: gauge, TimestampMs: new(int64(5))}, true},
		"created":                 {&dto.Metric{Counter: &dto.Counter{Value: new(1.0), CreatedTimestamp: at(1, 2)}}, true},
		"created at no time":      {&dto.Metric{Counter: &dto.Counter{Value: new(1.0), CreatedTimestamp: at(1, -1)}}, false},
		"with an exemplar":        {&dto.Metric{Counter: &dto.Counter{Value: new(1.0), Exemplar: traced()}}, false},
		"labels out of order":     {&dto.Metric{Gauge: gauge, Label: pairs("b", "", "a", "1")}, false},
		"label without value":     {&dto.Metric{Gauge: gauge, Label: []*dto.LabelPair{{Name: new("a")}}}, false},
		"gauge without value":     {&dto.Metric{Gauge: new(dto.Gauge)}, false},
		"counter without value":   {&dto.Metric{Counter: new(dto.Counter)}, false},
		"untyped without value":   {&dto.Metric{Untyped: new(dto.Untyped)}, false},
		"gauge and counter":       {&dto.Metric{Gauge: gauge, Counter: counter}, false},
		"gauge and untyped":       {&dto.Metric{Gauge: gauge, Untyped: untyped}, false},
		"gauge and summary":       {&dto.Metric{Gauge: gauge, Summary: summary}, false},
		"gauge and histogram":     {&dto.Metric{Gauge: gauge, Histogram: histogram}, false},
		"counter and untyped":     {&dto.Metric{Counter: counter, Untyped: untyped}, false},
		"untyped and a histogram": {&dto.Metric{Untyped: untyped, Histogram: histogram}, false},
		"summary":                 {&dto.Metric{Summary: summary}, false},
		"histogram":               {&dto.Metric{Histogram: histogram}, false},
	} {
		t.Run(name, func(t *testing.T) {
			kind, p := decode(t, test.metric)
			var again dto.Metric
			clientmodel.EncodePoint(&again, kind, &p)
			if test.want && !proto.Equal(test.metric, &again) {
				t.Fatalf("it would not be the same: %v, not %v", &again, test.metric)
			}
			origin := clientmodel.Origin(test.metric, kind, &p)
			if (origin != nil) != test.want {
				t.Fatalf("the origin is %v, want one: %t", origin, test.want)
			}
			var b clientmodel.Builder
			if err := b.Family(&model.Family{Name: "f", Type: kind}); err != nil {
				t.Fatal(err)
			}
			err := b.Point(&p)
			if origin != nil {
				err = errors.Join(err, b.Origin(origin))
			}
			if err != nil {
				t.Fatal(err)
			}
			built := b.Families()[0].Metric
			if !proto.Equal(built[0], &again) || test.want && (len(built) != 2 || built[1] != test.metric) {
				t.Errorf("built %v, want %v", built, &again)
			}
		})
	}
}

// TestOriginKeepsItsLabels checks that a caller who changes the label list of a metric that was passed
// on does not change the original list.
func TestOriginKeepsItsLabels(t *testing.T) {
	own := append(make([]*dto.LabelPair, 0, 3), pairs("a", "1", "b", "2")...)
	first := own[0]
	m := &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, Label: own}
	kind, p := decode(t, m)
	var b clientmodel.Builder
	if err := errors.Join(b.Family(&model.Family{Name: "f", Type: kind}), b.Origin(clientmodel.Origin(m, kind, &p))); err != nil {
		t.Fatal(err)
	}
	built := b.Families()[0].Metric[0]
	built.Label[0], built.Label[1] = built.Label[1], built.Label[0]
	_ = append(built.Label, pairs("c", "3")...)
	if own[0] != first || own[:3][2] != nil {
		t.Errorf("the labels of the collector became %v", own[:3])
	}
}
