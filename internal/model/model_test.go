package model_test

import (
	"reflect"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

func TestTypeString(t *testing.T) {
	for typ, want := range map[model.Type]string{
		model.Untyped: "untyped", model.Counter: "counter", model.Gauge: "gauge", model.Summary: "summary",
		model.Histogram: "histogram", model.GaugeHistogram: "gauge histogram", model.Info: "info", model.StateSet: "state set",
		99: "untyped",
	} {
		if got := typ.String(); got != want {
			t.Errorf("type %d is %q, want %q", typ, got, want)
		}
	}
}

// TestClone fills every field of a point, including fields added in the future, and checks that the
// clone is equal and shares only immutable memory with it.
func TestClone(t *testing.T) {
	buf := []byte(`a="1"`)
	var p model.Point
	populate(t, reflect.ValueOf(&p).Elem(), model.VolatileLabels(buf, false))
	clone := p.Clone()

	checkApart(t, "Point", reflect.ValueOf(p), reflect.ValueOf(clone))
	text := clone.Labels.Text()
	clone.Labels = p.Labels // The position of the text differs.
	if !reflect.DeepEqual(p, clone) {
		t.Errorf("the clone is %+v, want %+v", clone, p)
	}
	copy(buf, "#####")
	if text != `a="1"` {
		t.Errorf("the labels of the clone share memory: %q", text)
	}
}

// TestCloneOfLittle checks clones of points without samples, buckets or quantiles.
func TestCloneOfLittle(t *testing.T) {
	for name, p := range map[string]model.Point{
		"zero":             {},
		"value":            {Value: 1, Created: model.Instant{Nanos: 1, Valid: true}},
		"empty histogram":  {Histogram: new(model.HistogramValue)},
		"native histogram": {Histogram: &model.HistogramValue{Native: new(model.NativeHistogram)}},
		"empty summary":    {Summary: new(model.SummaryValue)},
		"no states":        {States: new(model.StateSetValue)},
	} {
		if clone := p.Clone(); !reflect.DeepEqual(p, clone) {
			t.Errorf("%s: the clone is %+v, want %+v", name, clone, p)
		}
	}
}

// populate sets v and all its parts to non-zero values.
func populate(t *testing.T, v reflect.Value, labels model.Labels) {
	if v.Type() == reflect.TypeFor[model.Labels]() {
		v.Set(reflect.ValueOf(labels))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			populate(t, v.Field(i), labels)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(t, v.Elem(), labels)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 4))
		for i := range v.Len() {
			populate(t, v.Index(i), labels)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(4)
	case reflect.Float64:
		v.SetFloat(5.5)
	case reflect.String:
		v.SetString("six")
	default:
		t.Fatalf("a field of type %v, which this test does not know", v.Type())
	}
}

// checkApart checks that a and b share only immutable memory: exemplars, and the names of states.
func checkApart(t *testing.T, path string, a, b reflect.Value) {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			checkApart(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Pointer:
		if a.Type() == reflect.TypeFor[*model.Exemplar]() {
			return
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		checkApart(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Type() == reflect.TypeFor[[]string]() {
			return
		}
		if a.Pointer() == b.Pointer() || a.Len() != b.Len() {
			t.Errorf("%s is shared, or of %d elements, not %d", path, b.Len(), a.Len())
			return
		}
		for i := range a.Len() {
			checkApart(t, path, a.Index(i), b.Index(i))
		}
	default: // DeepEqual compares plain values.
	}
}
