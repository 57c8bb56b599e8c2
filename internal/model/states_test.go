package model_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func TestEachState(t *testing.T) {
	labels, err := model.NewLabels([]model.Label{{Name: "a", Value: "1"}, {Name: "z", Value: "2"}})
	if err != nil {
		t.Fatal(err)
	}
	p := model.Point{
		Labels: labels,
		States: &model.StateSetValue{Names: []string{"up", `say "hi"`, "down"}, On: 0b101},

		TimestampMs: 7, HasTimestamp: true,
	}
	var got []string
	buf, err := p.EachState("mode", nil, func(s *model.Point) error {
		if s.States != nil || s.TimestampMs != 7 || !s.HasTimestamp {
			t.Errorf("the sample is %+v", s)
		}
		got = append(got, s.Labels.Keep().Text()+map[float64]string{0: " off", 1: " on"}[s.Value])
		return nil
	})
	want := []string{`a="1",mode="up",z="2" on`, `a="1",mode="say \"hi\"",z="2" off`, `a="1",mode="down",z="2" on`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}

	stop := errors.New("stop")
	calls := 0
	_, err = p.EachState("mode", buf, func(*model.Point) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d calls the error is %v, want that of the first call", calls, err)
	}
	_, err = p.EachState("z", buf, func(*model.Point) error { t.Error("a sample with a label twice"); return nil })
	if err == nil {
		t.Error("no error for a label that the point has already")
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
