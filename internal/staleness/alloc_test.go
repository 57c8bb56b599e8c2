package staleness_test

import (
	"math/rand/v2"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// allocsPerRound returns the number of allocations of one round. next returns the round's points.
func allocsPerRound(t *testing.T, next func() []series) float64 {
	t.Helper()
	var h staleness.History
	round := func() {
		r := h.Begin()
		defer r.Discard()
		s := r.Family(requests)
		for _, p := range next() {
			s.Seen(p.labels, p.shape)
		}
		s.Gone(func(model.Labels, *staleness.Shape, *staleness.Shape) bool { return true })
		r.Commit()
	}
	for range 10 {
		round()
	}
	return testing.AllocsPerRun(20, round)
}

func TestRoundsDoNotAllocate(t *testing.T) {
	const n = 10_000
	var (
		same    = manySeries(n)
		random  = rand.New(rand.NewPCG(1, 2))
		orders  = make([][]series, 50)
		churn   = make([][]series, 50)
		shapes  = []*staleness.Shape{classic(1, 2, 3), classic(1, 2, 3, 4), {Native: true}}
		various = manySeries(n)
	)
	for i := range orders {
		orders[i] = shuffled(random, same)
		churn[i] = append(append([]series(nil), same[:i*100]...), same[i*100+10:]...)
	}
	for i := range various {
		various[i].shape = shapes[i%len(shapes)]
	}
	round := 0
	of := func(pushes [][]series) func() []series {
		return func() []series { round++; return pushes[round%len(pushes)] }
	}
	for _, tt := range []struct {
		name string
		next func() []series
		most float64
	}{
		{"the same", of([][]series{same}), 1}, // one for the Round
		{"the same, with shapes", of([][]series{various}), 1},
		{"others each time", of(churn), 8}, // for the texts of the new series
		{"in random order", of(orders), 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if allocs := allocsPerRound(t, tt.next); allocs > tt.most {
				t.Errorf("%v allocations per round of %d series, want at most %v", allocs, n, tt.most)
			} else {
				t.Logf("%v allocations per round", allocs)
			}
		})
	}
}
