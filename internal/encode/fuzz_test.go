package encode_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	common "github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

// FuzzStrings tries names, help, units and label values in every format.
func FuzzStrings(f *testing.F) {
	f.Add("http_requests_total", "Requests.", "requests", "code", "200", "trace_id", byte(1), 1.0)
	f.Add("my.metric", "a\\b\"c\nd", "metric", "läbel", "a\\b\"c\nd", "", byte(5), 1e6)
	f.Add("\"\\\n", "\xff", "", "\"\\\n", "\\", "\\\"\n", byte(3), -0.5)
	f.Add("1_seconds_total", "", "seconds", "1", "", "1", byte(1), 0.1)
	f.Add("0", " ", "0", "0", "0", "", byte(0), 1.000009e+06)
	f.Add("0", "\x00", "0", "0", "0", "1", byte(0), 1.0) // an exemplar with a NUL
	f.Fuzz(func(t *testing.T, name, help, unit, label, text, other string, typ byte, v float64) {
		p := model.Point{Value: v, Created: at(int64(v)), Summary: &model.SummaryValue{Sum: v, Quantiles: quantiles(v, v)},
			Histogram: &model.HistogramValue{Sum: v, Buckets: []model.Bucket{{UpperBound: v, Count: uint64(v)}}}}
		var err error
		if p.Labels, err = model.NewLabels([]model.Label{{Name: label, Value: text}, {Name: other, Value: help}}); err != nil {
			p.Labels, _ = model.NewLabels([]model.Label{{Name: label, Value: text}})
		}
		p.Exemplar = &model.Exemplar{Labels: p.Labels, Value: v, Timestamp: at(int64(v * 1e3))}
		p.Histogram.Buckets[0].Exemplar = p.Exemplar
		fam := &family{model.Family{Name: name, Help: help, Unit: unit, Type: model.Type(typ % 6)}, []model.Point{p, p}}
		fam.points[1].Labels = model.Labels{}
		if !labelHasColon(fam) {
			for _, opts := range sameVariants() {
				same(t, opts, []*family{fam})
			}
		}
		readBack(t, fam)
	})
}

// readBack fails the test unless the text of f parses and is equivalent to f.
func readBack(t *testing.T, f *family) {
	out, _ := write(t, encode.Options{Escaping: common.ValueEncodingEscaping}, []*family{f})
	if strings.Contains(f.Name, ":") {
		return // The colon is not escaped, but the parser mistakes it for an escaped one.
	}
	parser := expfmt.NewTextParser(common.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if len(out) == 0 || labelHasColon(f) {
		return // expfmt does not escape colons in label names.
	}
	want := common.EscapeMetricFamily(toDTO(f), common.ValueEncodingEscaping)
	got := families[want.GetName()]
	if got == nil {
		t.Fatalf("no %s in\n%s", want.GetName(), out)
	}
	// A parser skips blanks before the help, as blanks after the name.
	if help := strings.TrimLeft(*validHelp(want.Help), " \t"); got.GetHelp() != help {
		t.Errorf("help %q, want %q", got.GetHelp(), help)
	}
	for i, m := range got.Metric {
		for j, l := range m.Label {
			if w := want.Metric[i].Label[j]; w.GetName() != l.GetName() || w.GetValue() != l.GetValue() {
				t.Errorf("label %v, want %v", l, w)
			}
		}
	}
}

func labelHasColon(f *family) bool {
	for c := f.points[0].Labels.Cursor(); c.Next(); {
		if strings.Contains(c.Name, ":") {
			return true
		}
	}
	return false
}

// FuzzFamilies tries whole expositions, and reads protobuf expositions back.
func FuzzFamilies(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, seed1, seed2 uint64) {
		families := generator{rand.New(rand.NewPCG(seed1, seed2))}.families()
		for _, opts := range sameVariants() {
			same(t, opts, families)
		}
		out, _ := write(t, encode.Options{Format: encode.Protobuf}, families)
		in := bytes.NewReader(out)
		for _, f := range families {
			if len(f.points) == 0 || f.Name == "" {
				continue
			}
			var got dto.MetricFamily
			if err := protodelim.UnmarshalFrom(in, &got); err != nil {
				t.Fatal(err)
			}
			if want := toDTO(f); !proto.Equal(&dto.MetricFamily{Metric: got.Metric}, &dto.MetricFamily{Metric: want.Metric}) {
				t.Errorf("got %v, want %v", &got, want)
			}
		}
	})
}
