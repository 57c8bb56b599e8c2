package query_test

import (
	"fmt"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/model"
)

func TestCardinality(t *testing.T) {
	w := newWorld(0, 10)
	a, b, c := w.family("a", model.Gauge), w.family("b", model.Counter), w.family("c", model.Gauge)
	w.series(a, "x=1", nil, []float64{1, 1})
	for i := range 4 {
		v := []float64{1, 1}
		if i > 0 {
			v[0] = none
		}
		w.series(b, fmt.Sprintf("x=%d,y=1", i), nil, v)
	}
	w.series(c, "", nil, []float64{none, 1})
	w.series(w.family("gone", model.Gauge), "", nil, []float64{1, none})

	got := query.Cardinality(w.snapshot(1), w.snapshot(0), 0)
	if got.Series != 6 || got.Grown != 3 || got.T != at(10).UnixMilli() || got.Since != at(0).UnixMilli() || got.Bytes != 13+4*17+10 {
		t.Errorf("got %+v", got)
	}
	type size struct {
		name          string
		series, grown int
		isNew         bool
	}
	for i, want := range []size{{"b", 4, 3, false}, {"a", 1, 0, false}, {"c", 1, 1, true}} {
		if row := got.Rows[i]; (size{row.Family.Name, row.Family.Series, row.Grown, row.New}) != want {
			t.Errorf("row %d: got %+v, want %v", i, row, want)
		}
	}
	if labels := fmt.Sprint(got.Rows[0].Family.Labels); labels != "[{x 4 []} {y 1 []}]" {
		t.Errorf("got labels %s", labels)
	}
	if row := query.Cardinality(w.snapshot(1), nil, 1).Rows; len(row) != 1 || row[0].Grown != 0 || row[0].New {
		t.Errorf("without a start, got %+v", row)
	}
	if got := query.Cardinality(nil, nil, 0); got.Rows == nil {
		t.Error("without a sample, there are no rows")
	}
}

func TestValues(t *testing.T) {
	s := shop().last()
	got := query.Values(s, "http_requests_total", "code", 2)
	if got.Name != "code" || got.Values != 3 || fmt.Sprint(got.Top) != "[{200 2 59} {500 1 39}]" {
		t.Errorf("got %+v", got)
	}
	for _, unknown := range [][2]string{{"http_requests_total", "x"}, {"x", "code"}, {"zero", "x"}} {
		if got := query.Values(s, unknown[0], unknown[1], 0); got != nil {
			t.Errorf("%v: got %+v", unknown, got)
		}
	}
	if got := query.Values(s, "http_requests_total", "path", 0); got.Values != 1 || len(got.Top) != 1 || (got.Top[0] != api.ValueCount{Value: "/a b", Series: 1, Bytes: 39}) {
		t.Errorf("got %+v", got)
	}
}
