package query_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/model"
)

// changed formats changes as short texts.
func changed(c *api.Changes) []string {
	var texts []string
	for _, row := range c.Rows {
		text := row.Family
		for _, l := range row.Labels {
			text += "," + l[1]
		}
		if row.Name != "" {
			text += "#" + row.Name
		}
		text += fmt.Sprint(" ", shown(floats([]api.Number{row.Before, row.After})))
		if row.Reset {
			text += " reset"
		}
		texts = append(texts, text)
	}
	return texts
}

func TestChanges(t *testing.T) {
	w := newWorld(0, 10)
	c := w.family("c_total", model.Counter)
	w.series(c, "a=1", nil, []float64{100, 150})
	w.series(c, "a=2", nil, []float64{100, 30})
	w.series(c, "a=3", nil, []float64{none, 30})
	w.series(c, "a=4", nil, []float64{7, none})
	w.series(c, "a=5", nil, []float64{7, 7})
	w.series(w.family("b", model.Gauge), "", nil, []float64{2, 3})
	g := w.family("g", model.Gauge)
	w.series(g, "a=1", nil, []float64{100, 50})
	w.series(g, "a=2", nil, []float64{0, 1})
	w.series(g, "a=3", nil, []float64{inf, inf})
	h := w.family("h_seconds", model.Histogram)
	w.series(h, "", classicShape, []float64{10, 11}, []float64{5, 6}, []float64{10, 11}, []float64{0, 0})
	w.series(h, "a=1", classicShape, []float64{10, 2}, []float64{5, 7}, []float64{10, 2}, []float64{0, 0})
	s := w.family("s", model.StateSet)
	w.series(s, "", stateShape, []float64{0, 1}, []float64{1, 0})
	w.series(s, "a=1", stateShape, []float64{none, 0}, []float64{none, 1})
	w.series(w.family("sums", model.Summary), "", summaryShape, []float64{10, 10}, []float64{5, 5}, []float64{1, 1}, []float64{4, 5})
	w.series(w.family("old", model.Summary), "", summaryShape, []float64{10, none}, []float64{5, none}, []float64{1, none}, []float64{4, none})

	got := query.Changes(w.snapshot(0), w.snapshot(1), "", 0)
	want := []string{
		"c_total,3 [missing 30]",
		"c_total,4 [7 missing]",
		"old#count [10 missing]",
		"s,1#busy [missing 1]",
		"g,2 [0 1]",
		"s#idle [0 1]",
		"s#busy [1 0]",
		"c_total,1 [100 150]",
		"b [2 3]",
		"g,1 [100 50]",
		"h_seconds,1#sum [5 7] reset",
		"c_total,2 [100 30] reset",
		"sums#0.99 [4 5]",
		"h_seconds#sum [5 6]",
		"h_seconds,1#count [10 2] reset",
		"h_seconds#count [10 11]",
	}
	if texts := changed(got); !slices.Equal(texts, want) {
		for i := range max(len(texts), len(want)) {
			t.Logf("%v | %v", at0(texts, i), at0(want, i))
		}
		t.Error("got the left ones, want the right ones")
	}
	if got.Total != len(want) || got.Unchanged != 2 || got.Mark.T != at(0).UnixMilli() || got.T != at(10).UnixMilli() {
		t.Errorf("got %d changes and %d unchanged", got.Total, got.Unchanged)
	}
	if got.Rows[13].Unit != "seconds" || got.Rows[15].Unit != "" || got.Rows[15].Type != "histogram" {
		t.Errorf("got units %q and %q", got.Rows[13].Unit, got.Rows[15].Unit)
	}

	some := query.Changes(w.snapshot(0), w.snapshot(1), "type:counter a=3", 0)
	if texts := changed(some); !slices.Equal(texts, want[:1]) {
		t.Errorf("got %q", texts)
	}
	some = query.Changes(w.snapshot(0), w.snapshot(1), "", 2)
	if len(some.Rows) != 2 || some.Total != len(want) {
		t.Errorf("got %d of %d rows", len(some.Rows), some.Total)
	}
	if got := query.Changes(nil, w.snapshot(1), "", 0); got.Rows == nil {
		t.Error("without a sample, there are no rows")
	}
}

func at0(texts []string, i int) string {
	if i < len(texts) {
		return texts[i]
	}
	return "-"
}

func TestChangedTypeAndCreation(t *testing.T) {
	before, after := newWorld(0), newWorld(10)
	before.series(before.family("x", model.Gauge), "", nil, []float64{1})
	after.series(after.family("x", model.Counter), "", nil, []float64{1})
	before.series(before.family("y_total", model.Counter), "", nil, []float64{5}).Created = instant(-10)
	after.series(after.family("y_total", model.Counter), "", nil, []float64{5}).Created = instant(5)
	got := changed(query.Changes(before.last(), after.last(), "", 0))
	want := []string{"x [missing 1]", "x [1 missing]", "y_total [5 5] reset"}
	slices.Sort(got[:2])
	slices.Sort(want[:2])
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
