package labelmap_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
)

// TestConcurrentSwap swaps generations of series while other goroutines create and delete other series.
// It checks that every list contains exactly one complete generation in each part of the map.
func TestConcurrentSwap(t *testing.T) {
	const parts, size, rounds = 3, 7, 300
	for name, all := range map[string]bool{"all": true, "part": false} {
		t.Run(name, func(t *testing.T) {
			m := newMap("part", "i")
			var generation atomic.Int64
			generations := func(e *entry) string { return e.Child.name }
			swap := func(part string) {
				fresh := m.NewLike(nil)
				gen := strconv.FormatInt(generation.Add(1), 10)
				for i := range size {
					fresh.GetOrCreate([]string{part, strconv.Itoa(i)}, func(e *entry) { e.Child.name = gen })
				}
				match := func(e *entry) bool { return valuesIn(e)[1] == part }
				if all {
					match = nil
				}
				m.Swap(fresh, match, nil)
			}
			for part := range parts {
				swap(strconv.Itoa(part))
			}
			want := parts
			if all {
				want = 1
			}
			var running atomic.Int64
			running.Store(4)
			together(workers, func(worker int) {
				if worker < 4 {
					defer running.Add(-1)
				}
				switch worker {
				case 0, 1, 2:
					for range rounds {
						swap(strconv.Itoa(worker % parts))
					}
				case 3:
					for i := range rounds {
						if !all {
							m.GetOrCreate([]string{"other", strconv.Itoa(i % 50)}, nil)
							m.Delete([]string{"other", strconv.Itoa((i + 25) % 50)})
						}
					}
				default:
					for running.Load() > 0 && !t.Failed() {
						checkParts(t, m.Sorted(), want, size, generations)
					}
				}
			})
			checkParts(t, m.Sorted(), want, size, generations)
		})
	}
}

// checkParts checks that the series of each part are complete and of one generation, and that no part is missing.
func checkParts(t *testing.T, list []*entry, parts, size int, generation func(*entry) string) {
	checkSorted(t, list)
	counts, generations := map[string]int{}, map[string]string{}
	for _, e := range list {
		part := valuesIn(e)[1]
		if part == "other" {
			continue
		}
		counts[part]++
		if known, ok := generations[part]; ok && known != generation(e) {
			t.Errorf("part %s has series of the generations %s and %s", part, known, generation(e))
		}
		generations[part] = generation(e)
	}
	for part, n := range counts {
		if n != size {
			t.Errorf("part %s has %d series, want %d", part, n, size)
		}
	}
	if len(counts) != parts {
		t.Errorf("there are %d parts, want %d", len(counts), parts)
	}
}

// TestConcurrentSwapAndCreate creates series in a map whose contents are swapped, and checks that each
// series that Get finds is in the list.
func TestConcurrentSwapAndCreate(t *testing.T) {
	m := newMap("i")
	together(workers, func(worker int) {
		for i := range 500 {
			values := []string{strconv.Itoa(i % 20)}
			switch worker % 2 {
			case 0:
				fresh := m.NewLike(nil)
				fresh.GetOrCreate(values, nil)
				m.Swap(fresh, nil, nil)
			default:
				m.GetOrCreate(values, nil)
				checkSorted(t, m.Sorted())
			}
		}
	})
	list := m.Sorted()
	if len(list) != m.Len() {
		t.Errorf("%d series in the list of a map with %d", len(list), m.Len())
	}
	for _, e := range list {
		if m.Get(valuesIn(e)) != e {
			t.Errorf("%s is in the list and is not found", e.Labels().Text())
		}
	}
}

// TestConcurrentUseAside creates series in a map while it is swapped into another one, and checks that
// each series moves or stays as a whole.
func TestConcurrentUseAside(t *testing.T) {
	for range 100 {
		m := newMap("i")
		fresh := m.NewLike(nil)
		var made [8]*labelmap.Entry[child]
		together(2, func(worker int) {
			if worker == 0 {
				m.Swap(fresh, nil, nil)
				return
			}
			for i := range made {
				made[i] = fresh.GetOrCreate([]string{strconv.Itoa(i)}, nil)
			}
		})
		for i, e := range made {
			values := []string{strconv.Itoa(i)}
			if (m.Get(values) == e) == (fresh.Get(values) == e) {
				t.Errorf("series %d is in both maps, or in none", i)
			}
		}
		if m.Len()+fresh.Len() != len(made) {
			t.Errorf("%d and %d series, want %d in all", m.Len(), fresh.Len(), len(made))
		}
	}
}
