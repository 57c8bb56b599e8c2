package labelmap_test

import (
	"runtime"
	"strconv"
	"testing"
	"weak"

	"github.com/luxfi/metric/internal/labelmap"
)

func TestNoAllocations(t *testing.T) {
	m := newMap("a", "z")
	values := []string{"GET", "a value that is longer than sixteen bytes"}
	escaped := []string{`"`, "\n"}
	m.GetOrCreate(values, nil)
	m.GetOrCreate(escaped, nil)
	m.Sorted()
	init := func(*entry) {}
	for name, op := range map[string]func(){
		"Get":            func() { m.Get(values) },
		"Get of escaped": func() { m.Get(escaped) },
		"Get of none":    func() { m.Get([]string{"GET", "none"}) },
		"GetOrCreate":    func() { m.GetOrCreate(values, init) },
		"Sorted":         func() { m.Sorted() },
		"Delete of none": func() { m.Delete([]string{"GET", "none"}) },
	} {
		if got := testing.AllocsPerRun(1000, op); got != 0 {
			t.Errorf("%s allocates %v times", name, got)
		}
	}
}

// churns are ways to have few series at a time and very many in total. live is the number of series at
// a time. Each function returns a series that it created.
var churns = map[string]func(m *series, round, live int) *entry{
	"Delete": func(m *series, round, live int) *entry {
		m.Delete([]string{strconv.Itoa(round - live)})
		return m.GetOrCreate([]string{strconv.Itoa(round)}, nil)
	},
	"Delete and create the same": func(m *series, round, live int) *entry {
		m.Delete([]string{strconv.Itoa(round % live)})
		return m.GetOrCreate([]string{strconv.Itoa(round % live)}, nil)
	},
	"DeleteFunc": func(m *series, round, live int) *entry {
		if m.Len() == live {
			m.DeleteFunc(func(*entry) bool { return true })
		}
		return m.GetOrCreate([]string{strconv.Itoa(round)}, nil)
	},
	"Swap": func(m *series, round, live int) *entry {
		if m.Len() < live {
			return m.GetOrCreate([]string{strconv.Itoa(round)}, nil)
		}
		fresh := m.NewLike(nil)
		e := fresh.GetOrCreate([]string{strconv.Itoa(round)}, nil)
		m.Swap(fresh, nil, nil)
		return e
	},
	"Swap of some": func(m *series, round, live int) *entry {
		if m.Len() < live {
			return m.GetOrCreate([]string{strconv.Itoa(round)}, nil)
		}
		fresh := m.NewLike(nil)
		e := fresh.GetOrCreate([]string{strconv.Itoa(round)}, nil)
		m.Swap(fresh, func(*entry) bool { return true }, nil)
		return e
	},
	"Reset": func(m *series, round, live int) *entry {
		if m.Len() == live {
			m.Reset()
		}
		return m.GetOrCreate([]string{strconv.Itoa(round)}, nil)
	},
}

// TestChurnDoesNotGrow checks that a map with a changing set of series does not grow, without a scrape,
// with a single scrape, and with occasional scrapes.
func TestChurnDoesNotGrow(t *testing.T) {
	const rounds, live = 4000, 50
	for name, churn := range churns {
		for scrapes, scrapeAt := range map[string]func(round int) bool{
			"never": func(int) bool { return false },
			"once":  func(round int) bool { return round == live },
			"often": func(round int) bool { return round%7 == 0 },
		} {
			t.Run(name+"/scraped "+scrapes, func(t *testing.T) {
				m := newMap("i")
				for round := range rounds {
					churn(m, round, live)
					if scrapeAt(round) {
						m.Sorted()
					}
					// Both double when they grow, and the map keeps at most as many deleted entries as
					// live ones.
					if m.Slots() > 4*live || m.Held() > 5*live+4*labelmap.MinSlots {
						t.Fatalf("round %d: %d slots and room for %d entries, with %d series", round, m.Slots(), m.Held(), m.Len())
					}
				}
			})
		}
	}
}

// TestDeletedSeriesAreFreed checks with the garbage collector that deleted series are freed.
func TestDeletedSeriesAreFreed(t *testing.T) {
	const live, rounds = 20, 1000
	for name, churn := range churns {
		t.Run(name, func(t *testing.T) {
			m := newMap("i")
			var all []weak.Pointer[entry]
			for round := range rounds {
				all = append(all, weak.Make(churn(m, round, live)))
				if round == rounds/2 {
					m.Sorted()
				}
			}
			runtime.GC()
			held := 0
			for _, p := range all {
				if p.Value() != nil {
					held++
				}
			}
			if held > 2*live+2*labelmap.MinSlots {
				t.Errorf("%d of %d series are still in memory, with %d in the map", held, len(all), m.Len())
			}
			runtime.KeepAlive(m)
		})
	}
}

func TestTableShrinks(t *testing.T) {
	const size = 5000
	value := func(i int) []string { return []string{strconv.Itoa(i)} }
	for name, empty := range map[string]func(m *series){
		"Delete": func(m *series) {
			for i := range size {
				if m.Delete(value(i)); m.Slots() > max(8*m.Len(), labelmap.MinSlots)*2 {
					t.Fatalf("%d slots with %d series", m.Slots(), m.Len())
				}
			}
		},
		"DeleteFunc": func(m *series) { m.DeleteFunc(func(*entry) bool { return true }) },
		"Reset":      func(m *series) { m.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMap("i")
			for i := range size {
				m.GetOrCreate(value(i), nil)
			}
			m.Sorted()
			if m.Slots() <= size || m.Slots() > 4*size {
				t.Errorf("%d slots for %d series", m.Slots(), size)
			}
			empty(m)
			m.Sorted()
			if m.Slots() != labelmap.MinSlots || m.Held() > labelmap.MinSlots {
				t.Errorf("%d slots and room for %d entries in an empty map", m.Slots(), m.Held())
			}
		})
	}
}

// TestPrefetchStaysInside checks that prefetching an entry reads only its own memory. The checks are those
// that the compiler adds with the race detector.
func TestPrefetchStaysInside(t *testing.T) {
	m := newMap("a")
	for i := range 2000 {
		m.GetOrCreate([]string{strconv.Itoa(i)}, nil)
	}
	m.GetOrCreate([]string{""}, nil)
	entries := m.Sorted()
	for i := range entries {
		labelmap.Prefetch(entries[i:min(i+8, len(entries))])
	}
	labelmap.Prefetch(entries[:0])
}
