package query_test

import (
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/model"
)

// TestBornUnseen checks series that began long before the first sample that contains them, because their
// collector failed. Their values have not grown within one interval.
func TestBornUnseen(t *testing.T) {
	w := newWorld(0, 2, 4, 6, 8, 10)
	c := w.family("c_total", model.Counter)
	w.series(c, "", nil, []float64{none, none, none, none, 60, 62}).Created = instant(3)
	check(t, plot(w, api.Spec{Family: "c_total"}), wantLine{"", []float64{none, none, none, none, 10, 1}})

	h := w.family("h", model.Histogram)
	w.series(h, "", classicShape, []float64{none, none, none, none, 60, 62}, []float64{none, none, none, none, 6, 7},
		[]float64{none, none, none, none, 60, 60}, []float64{none, none, none, none, 0, 2}).Created = instant(3)
	if row := plot(w, api.Spec{Family: "h"}).Heat.Rows[4]; len(row) != 1 || row[0] != [2]api.Number{0, 10} {
		t.Errorf("the heat map has %v", row)
	}
}
