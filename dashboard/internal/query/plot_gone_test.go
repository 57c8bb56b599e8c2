package query_test

import (
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// TestPlotGone checks that the past of a group includes series that are gone.
func TestPlotGone(t *testing.T) {
	w := newWorld(0, 2, 4, 6)
	c := w.family("c_total", model.Counter)
	w.series(c, "code=200,id=1", nil, []float64{0, 10, none, none})
	w.series(c, "code=200,id=2", nil, []float64{0, 2, 4, 8})
	w.series(c, "code=500,id=3", nil, []float64{0, 2, 4, none})
	h := w.family("h", model.Histogram)
	w.series(h, "id=1", classicShape, []float64{0, 4, none, none}, []float64{0, 8, none, none}, []float64{0, 4, none, none}, []float64{0, 0, none, none})
	w.series(h, "id=2", classicShape, []float64{0, 0, 2, 4}, []float64{0, 0, 1, 1}, []float64{0, 0, 2, 2}, []float64{0, 0, 0, 2})
	medianShape := &store.Shape{Kind: store.Summary, Quantiles: []float64{0.5}}
	s := w.family("s", model.Summary)
	w.series(s, "id=1", medianShape, []float64{1, 2, 3, none}, []float64{1, 1, 1, none}, []float64{7, 7, 7, none})
	w.series(s, "id=2", medianShape, []float64{1, 2, 3, 4}, []float64{1, 1, 1, 1}, []float64{1, 2, 3, 4})

	p := plot(w, api.Spec{Family: "c_total"})
	check(t, p, wantLine{"", []float64{none, 7, 2, 2}})
	if len(p.Lines[0].Labels) != 0 {
		t.Errorf("the sum of several series has labels %v", p.Lines[0].Labels)
	}
	p = plot(w, api.Spec{Family: "c_total", By: []string{"code"}})
	check(t, p, wantLine{`code="200"`, []float64{none, 6, 1, 2}})
	if p.Hidden != 0 {
		t.Errorf("%d groups are hidden", p.Hidden)
	}
	check(t, plot(w, api.Spec{Family: "c_total", Each: true}), wantLine{`code="200",id="2"`, []float64{none, 1, 1, 2}})

	p = plot(w, api.Spec{Family: "h", By: []string{"id"}})
	if row := p.Heat.Rows[1]; len(row) != 1 || row[0] != [2]api.Number{0, 2} {
		t.Errorf("the heat map has %v where a histogram was that is gone", row)
	}
	check(t, plot(w, api.Spec{Family: "s"}), wantLine{"#p50", []float64{1, 2, 3, 4}})
}
