package encode_test

import (
	"bytes"
	"errors"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

func TestRefusedPoints(t *testing.T) {
	float := &model.HistogramValue{Buckets: []model.Bucket{{UpperBound: 1, CountFloat: 0.5}}}
	tests := []struct {
		name  string
		opts  encode.Options
		typ   model.Type
		point model.Point
		want  string
	}{
		{"float histogram", encode.Options{Format: encode.OpenMetrics}, model.Histogram, model.Point{Histogram: float},
			"f{} cannot be written in OpenMetrics: histograms with float counts are not supported"},
		{"no histogram", encode.Options{}, model.GaugeHistogram, model.Point{Labels: labels("a", "b")},
			`f{a="b"} cannot be written in the text format: it is no histogram, unlike its family`},
		{"no summary", encode.Options{Format: encode.Protobuf}, model.Summary, model.Point{},
			"f{} cannot be written in protobuf: it is no summary, unlike its family"},
		{"merged labels", encode.Options{Escaping: common.UnderscoreEscaping}, model.Gauge, model.Point{Labels: labels("a.b", "1", "a_b", "2")},
			`f{"a.b"="1",a_b="2"} cannot be written in the text format: two or more labels are named a_b after escaping`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, test.opts)
			defer e.Release()
			good := model.Point{Labels: labels("good", "1"), Histogram: &model.HistogramValue{}, Summary: &model.SummaryValue{}}
			for _, name := range []string{"f", "g"} {
				if err := e.Family(&model.Family{Name: name, Type: test.typ}); err != nil {
					t.Fatal(err)
				}
				if name == "f" {
					err := e.Point(&test.point)
					if bad := new(encode.PointError); !errors.As(err, &bad) || err.Error() != test.want {
						t.Fatalf("got %v, want %s", err, test.want)
					}
					continue
				}
				if err := e.Point(&good); err != nil {
					t.Fatalf("after a refused point: %v", err)
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, test.opts, []*family{{model.Family{Name: "g", Type: test.typ}, []model.Point{good}}})
			compare(t, buf.Bytes(), want)
			if e.Series() != 1 {
				t.Errorf("%d series, want 1", e.Series())
			}
		})
	}
}

// TestNamesThatBecomeTheSame checks that a family is omitted if an earlier one has its escaped name, in
// either order.
func TestNamesThatBecomeTheSame(t *testing.T) {
	value := func(name string, v float64) *family {
		return &family{model.Family{Name: name, Type: model.Gauge}, []model.Point{{Value: v}}}
	}
	tests := []struct {
		name     string
		escaping common.EscapingScheme
		families []*family
		want     string
		refused  int
	}{
		{"the plain one comes later", common.UnderscoreEscaping, []*family{value("x", 0), value("a.b", 1), value("a_b", 2)},
			"# HELP x \n# TYPE x gauge\nx 0\n# HELP a_b \n# TYPE a_b gauge\na_b 1\n", 1},
		{"the plain one comes first", common.UnderscoreEscaping, []*family{value("a_b", 1), value("a.b", 2), value("a-b", 3), value("y", 4)},
			"# HELP a_b \n# TYPE a_b gauge\na_b 1\n# HELP y \n# TYPE y gauge\ny 4\n", 2},
		{"no escaping", common.NoEscaping, []*family{value("a_b", 1), value("a.b", 2)},
			"# HELP a_b \n# TYPE a_b gauge\na_b 1\n# HELP \"a.b\" \n# TYPE \"a.b\" gauge\n{\"a.b\"} 2\n", 0},
		{"a family without points", common.UnderscoreEscaping, []*family{{Family: model.Family{Name: "a.b"}}, value("a_b", 2)},
			"# HELP a_b \n# TYPE a_b gauge\na_b 2\n", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// Encoders are reused, so do it twice.
			for range 2 {
				got, refused := write(t, encode.Options{Escaping: test.escaping}, test.families)
				compare(t, got, []byte(test.want))
				if refused != test.refused {
					t.Errorf("%d points were refused, want %d", refused, test.refused)
				}
			}
		})
	}
	e := encode.NewEncoder(new(bytes.Buffer), encode.Options{Escaping: common.DotsEscaping})
	defer e.Release()
	_ = errors.Join(e.Family(&model.Family{Name: "a-b"}), e.Point(&model.Point{}), e.Family(&model.Family{Name: "a/b"}))
	want := `a/b{} cannot be written in the text format: after escaping, its name is a__b, which is taken by the family "a-b"`
	if err := e.Point(&model.Point{}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
