package relabel

import (
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func stageOf[S stage](t *testing.T, step Step) S {
	t.Helper()
	p, err := New(step)
	if err != nil {
		t.Fatal(err)
	}
	return p.stages[0].(S)
}

func TestScaledValue(t *testing.T) {
	families := []string{"a"}
	for _, tt := range []struct {
		step     Scale
		in, want float64
	}{
		{Scale{families, 0.5, 0}, 3, 1.5},
		{Scale{families, 0, 1000}, 9, 0.009},
		{Scale{families, 1, 0}, 9, 9},
		{Scale{families, 0, 1}, 9, 9},
	} {
		if got := stageOf[*scaling](t, tt.step).value(tt.in); got != tt.want {
			t.Errorf("%+v makes %v of %v, want %v", tt.step, got, tt.in, tt.want)
		}
	}
}

// TestShift checks which factors can scale native buckets of a schema, and by how many buckets.
func TestShift(t *testing.T) {
	for _, tt := range []struct {
		factor, divisor float64
		schema          int32
		want            int32
		ok              bool
	}{
		{factor: 2, schema: 0, want: 1, ok: true},
		{factor: 1, schema: 3, want: 0, ok: true},
		{factor: 1024, schema: 0, want: 10, ok: true},
		{factor: 1024, schema: 3, want: 80, ok: true},
		{divisor: 1024, schema: 3, want: -80, ok: true},
		{factor: 0.25, schema: 8, want: -512, ok: true},
		{factor: 4, schema: -1, want: 1, ok: true},
		{factor: 2, schema: -1},
		{divisor: 4, schema: -1, want: -1, ok: true},
		{factor: 65536, schema: -4, want: 1, ok: true},
		{factor: 256, schema: -4},
		{factor: 1000, schema: 0},
		{factor: 3, schema: 8},
		{divisor: 1000, schema: 3},
		{divisor: 1, schema: 3, want: 0, ok: true},
	} {
		got, ok := stageOf[*scaling](t, Scale{Families: []string{"a"}, Factor: tt.factor, Divisor: tt.divisor}).shift(tt.schema)
		if got != tt.want || ok != tt.ok {
			t.Errorf("factor %v, divisor %v, schema %d: %d, %t", tt.factor, tt.divisor, tt.schema, got, ok)
		}
	}
}

func TestTypesThatCanChange(t *testing.T) {
	s := stageOf[*typeChange](t, SetType{Families: []string{"a"}, Type: Gauge})
	if s.to != model.Gauge {
		t.Errorf("the new type is %v", s.to)
	}
	for _, from := range []model.Type{model.Counter, model.Gauge, model.Untyped} {
		if err := s.check(from); err != nil {
			t.Errorf("%v: %v", from, err)
		}
	}
	for _, from := range []model.Type{model.Histogram, model.GaugeHistogram, model.Summary} {
		err := s.check(from)
		if err == nil || !strings.Contains(err.Error(), from.String()+" cannot become a gauge: only counters") {
			t.Errorf("%v: %v", from, err)
		}
	}
	s = stageOf[*typeChange](t, SetType{Families: []string{"a"}, Type: Untyped})
	if err := s.check(model.Summary); err == nil || !strings.Contains(err.Error(), "a summary cannot become untyped: ") {
		t.Error(err)
	}
}

func TestTypesThatCanBeAggregated(t *testing.T) {
	step := Aggregate{Families: []string{"a"}, Without: []string{"b"}}
	plain := stageOf[*aggregation](t, step)
	step.Gauges = Max
	gauges := stageOf[*aggregation](t, step)
	for from, want := range map[model.Type][2]string{
		model.Counter:   {},
		model.Histogram: {},
		model.Gauge:     {"a family of type gauge is aggregated only if gauges says how: sum"},
		model.Untyped:   {"a family of type untyped is aggregated only if"},
		model.Summary:   {"quantiles of a summary cannot be aggregated", "quantiles of a summary cannot be aggregated"},
	} {
		for i, s := range []*aggregation{plain, gauges} {
			err := s.check(from)
			if (err == nil) != (want[i] == "") || err != nil && !strings.Contains(err.Error(), want[i]) {
				t.Errorf("%v with gauges: %q gives %v, want %q", from, s.gauges, err, want[i])
			}
		}
	}
}

func TestLabelsThatAggregateRemoves(t *testing.T) {
	without := stageOf[*aggregation](t, Aggregate{Families: []string{"a"}, Without: []string{"b", "c"}})
	by := stageOf[*aggregation](t, Aggregate{Families: []string{"a"}, By: []string{"b", "c"}})
	for label, want := range map[string][2]bool{"b": {true, false}, "d": {false, true}, "__name__": {false, false}} {
		if got := [2]bool{without.removes(label), by.removes(label)}; got != want {
			t.Errorf("%s: %v, want %v", label, got, want)
		}
	}
}

// TestStagesSelectFamilies checks that the regexes of all steps match whole names of families.
func TestStagesSelectFamilies(t *testing.T) {
	families := []string{"a.*", "[bc]"}
	for _, f := range []familyList{
		stageOf[*helpChange](t, SetHelp{families, "x"}).families,
		stageOf[*unitChange](t, SetUnit{families, "x"}).families,
		stageOf[*typeChange](t, SetType{families, Gauge}).families,
		stageOf[*scaling](t, Scale{Families: families, Factor: 2}).families,
		stageOf[*aggregation](t, Aggregate{Families: families, By: []string{}}).families,
		stageOf[*selection](t, KeepFamilies{families}).families,
	} {
		for family, want := range map[string]bool{"a": true, "ab": true, "c": true, "d": false, "bc": false} {
			if f.match(family) != want {
				t.Errorf("%v matches %s: %t", f, family, !want)
			}
		}
	}
}

// familyList makes the type families available where a variable has that name.
type familyList = families

func TestNewName(t *testing.T) {
	r := stageOf[*renaming](t, Rename{"a_(.*)", "b_$1"})
	for family, want := range map[string]string{"a_x": "b_x", "aa_x": "aa_x", "a_": "b_"} {
		if got := r.newName(family); got != want {
			t.Errorf("%s becomes %s, want %s", family, got, want)
		}
	}
}
