package staleness_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// TestMemory checks the size of the heap after rounds of many series and after rounds of few series.
func TestMemory(t *testing.T) {
	const (
		n      = 50_000
		few    = 10
		little = 256 << 10 // Some 5 bytes for each of the many series: garbage of the tests themselves.
	)
	var (
		all    = manySeries(n)
		random = rand.New(rand.NewPCG(1, 2))
		orders = [][]series{shuffled(random, all), shuffled(random, all), shuffled(random, all)}
		twice  = slices.Concat(all, all)
		other  = &model.Family{Name: "other"}
	)
	slices.SortFunc(twice, func(a, b series) int { return model.CompareLabels(a.labels, b.labels) })
	tests := []struct {
		name  string
		many  [][]series
		most  int64 // bytes for each of the many series
		after func(h *staleness.History)
	}{
		{"the family vanishes", [][]series{all, all}, 40, func(h *staleness.History) {
			push(h, other, all[:few])
		}},
		{"the family shrinks", [][]series{all, all}, 40, func(h *staleness.History) {
			push(h, requests, all[:few])
		}},
		{"the family shrinks in random order", orders, 400, func(h *staleness.History) {
			for range 3 {
				push(h, requests, shuffled(random, all[:few]))
			}
		}},
		{"the order becomes random for a few", orders, 400, func(h *staleness.History) {
			for range 3 {
				push(h, other, shuffled(random, all[:few]))
			}
		}},
		{"a change ends", [][]series{all, all[1:], all}, 60, func(h *staleness.History) {
			push(h, requests, all[:few])
		}},
		{"most go at once", [][]series{all, all}, 40, func(h *staleness.History) {
			push(h, requests, all[n-few:])
		}},
		{"the order becomes sorted", append(orders, all[1:], all, all[1:]), 60, func(h *staleness.History) {
			push(h, requests, all[:few])
		}},
		{"all are seen twice", [][]series{twice, twice, twice}, 20, func(h *staleness.History) {
			push(h, requests, all[:few])
		}},
		{"the shape changes often", nil, 0, func(h *staleness.History) {
			for i := range n / 10 {
				push(h, requests, []series{shaped(t, "a", classic(slices.Repeat([]float64{float64(i)}, 20)...))})
			}
		}},
		{"many families in random order at once", nil, 0, func(h *staleness.History) {
			const size = 500
			for range 3 {
				r := h.Begin()
				for i := range n / size {
					seeAll(r.Family(&model.Family{Name: strconv.Itoa(i)}), shuffled(random, all[:size]))
				}
				r.Commit()
			}
			for range 2 {
				push(h, other, shuffled(random, all[:few]))
			}
		}},
		{"many are discarded after few", nil, 0, func(h *staleness.History) {
			push(h, requests, all[:few])
			r := h.Begin()
			seeAll(r.Family(requests), all)
			r.Discard()
		}},
		{"many are discarded", nil, 0, func(h *staleness.History) {
			r := h.Begin()
			seeAll(r.Family(requests), all)
			r.Discard()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := heap()
			var h staleness.History
			for _, points := range tt.many {
				r := h.Begin()
				seeAll(r.Family(requests), points)
				r.Commit()
			}
			if kept := heap() - before; kept > tt.most*n+little {
				t.Errorf("%d bytes per series, want at most %d", kept/n, tt.most)
			}
			tt.after(&h)
			if kept := heap() - before; kept > little {
				t.Errorf("%d bytes are left", kept)
			}
			runtime.KeepAlive(&h)
		})
	}
	runtime.KeepAlive(all)
	runtime.KeepAlive(orders)
	runtime.KeepAlive(twice)
}
