package model_test

import (
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func TestStateSamples(t *testing.T) {
	labels, err := model.NewLabels([]model.Label{{Name: "a", Value: "1"}, {Name: "z", Value: "2"}})
	if err != nil {
		t.Fatal(err)
	}
	p := model.Point{
		Labels: labels,
		States: &model.StateSetValue{Names: []string{"up", `say "hi"`, "down"}, On: 0b101},

		TimestampMs: 7, HasTimestamp: true,
	}
	var (
		samples model.StateSamples
		got     []string
	)
	for i := range p.States.Names {
		s, err := samples.At(&p, "mode", i)
		if err != nil {
			t.Fatal(err)
		}
		if s.States != nil || s.TimestampMs != 7 || !s.HasTimestamp {
			t.Errorf("the sample is %+v", s)
		}
		got = append(got, s.Labels.Keep().Text()+map[float64]string{0: " off", 1: " on"}[s.Value])
	}
	want := []string{`a="1",mode="up",z="2" on`, `a="1",mode="say \"hi\"",z="2" off`, `a="1",mode="down",z="2" on`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s, err := samples.At(&p, "z", 0); err == nil {
		t.Errorf("no error for a label that the point has already, but %+v", s)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = samples.At(&p, "mode", 1) }); n > 0 {
		t.Errorf("a sample takes %v allocations", n)
	}
}

func TestReservedLabelOfFamily(t *testing.T) {
	for _, test := range []struct {
		family model.Family
		want   string
	}{
		{model.Family{Name: "f", Type: model.StateSet}, "f"},
		{model.Family{Name: "f_info", Type: model.Info}, ""},
		{model.Family{Name: "f", Type: model.Histogram}, "le"},
		{model.Family{Name: "f", Type: model.Summary}, "quantile"},
		{model.Family{Name: "f", Type: model.Gauge}, ""},
	} {
		if got := test.family.Reserved(); got != test.want {
			t.Errorf("a %s reserves %q, want %q", test.family.Type, got, test.want)
		}
	}
}
