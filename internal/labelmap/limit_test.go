package labelmap_test

import (
	"strconv"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
)

// TestNewLike checks the limits of an empty map that will replace another map.
func TestNewLike(t *testing.T) {
	for name, test := range map[string]struct {
		own, budget, others, want int
	}{
		"no limit":              {0, 0, 0, 20},
		"its own":               {7, 0, 0, 7},
		"of a budget":           {0, 9, 2, 7},
		"its own, and a budget": {5, 9, 2, 5},
		"of a full budget":      {0, 5, 2, 3}, // the room of the map's series
	} {
		t.Run(name, func(t *testing.T) {
			m, other := newMap("k"), newMap("k")
			budget := &labelmap.Budget{Series: int64(test.budget)}
			if test.budget > 0 {
				m.Join(budget)
				other.Join(budget)
			}
			if test.own > 0 {
				m.SetLimit(test.own)
			}
			for i := range test.others {
				other.GetOrCreate([]string{strconv.Itoa(i)}, nil)
			}
			for i := range 3 {
				m.GetOrCreate([]string{strconv.Itoa(i)}, nil)
			}
			like := m.NewLike(nil)
			for i := range 20 {
				like.GetOrCreate([]string{strconv.Itoa(i)}, nil)
			}
			got := like.Len()
			if test.want < 20 {
				got-- // the overflow series
			}
			if got != test.want {
				t.Errorf("it has room for %d series, want %d", got, test.want)
			}
		})
	}
}
