package query_test

import (
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// TestLowerResolution checks a native histogram that lowers its resolution: buckets (1, 2] and (2, 4] become
// (1, 4]. The observations with which the new bucket begins are not new ones.
func TestLowerResolution(t *testing.T) {
	w := newWorld(0, 2, 4, 6)
	f := w.family("h", model.Histogram)
	coarse := &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 1, Upper: 4}, {Lower: 4, Upper: 16}}}
	s := w.series(f, "", coarse, []float64{1000, 1002, 1004, 1006}, []float64{0, 0, 0, 0},
		[]float64{none, none, 1004, 1004}, []float64{none, none, none, 2})

	p := plot(w, api.Spec{Family: "h"})
	for _, k := range []int{1, 2} {
		if row := p.Heat.Rows[k]; len(row) != 0 {
			t.Errorf("the heat map has %v at time %d", row, k)
		}
	}
	if row := p.Heat.Rows[3]; len(row) != 1 || row[0] != [2]api.Number{1, 1} {
		t.Errorf("the heat map has %v of a bucket that is only new", row)
	}

	fine := *s
	fine.Shape = &store.Shape{Kind: store.Histogram, Native: true, Buckets: []store.Bucket{{Lower: 1, Upper: 2}, {Lower: 2, Upper: 4}}}
	fine.Cols = []int32{0, 1, 4, 5}
	w.numbers = append(w.numbers, []float64{500, 501, none, none}, []float64{500, 501, none, none})
	before := w.snapshot(1)
	family := *f
	family.Series = []*store.Series{&fine}
	before.Families = []*store.Family{&family}
	d := query.Detail(w.snapshot(2), before, query.DetailOptions{Family: "h"})
	same(t, "count and rate", d.Rows[0].Values[:2], 1004, 1)
}
