package labelmap_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
)

const workers = 8

// TestConcurrentOwnSeries has each goroutine change its own series at random, and checks that it finds
// exactly these series, whatever the other goroutines do.
func TestConcurrentOwnSeries(t *testing.T) {
	for _, mask := range masks {
		t.Run(fmt.Sprintf("mask=%x", mask), func(t *testing.T) {
			m := newMap("worker", "i")
			m.UseHashBits(mask)
			together(workers, func(worker int) {
				r := rand.New(rand.NewPCG(uint64(worker), 0))
				own := make(map[int]*entry)
				for range 250 {
					i := r.IntN(40)
					values := []string{strconv.Itoa(worker), strconv.Itoa(i)}
					if r.IntN(2) == 0 {
						own[i] = m.GetOrCreate(values, nil)
					} else if deleted := m.Delete(values); deleted != (own[i] != nil) {
						t.Errorf("%q deleted: %v", values, deleted)
					} else {
						delete(own, i)
					}
					if m.Get(values) != own[i] {
						t.Errorf("%q is %v, want %v", values, m.Get(values), own[i])
					}
					if r.IntN(8) == 0 {
						checkOwn(t, m.Sorted(), worker, own)
					}
					if t.Failed() {
						return
					}
				}
				m.DeleteFunc(func(e *entry) bool { return valuesIn(e)[1] == strconv.Itoa(worker) })
			})
			if m.Len() != 0 || len(m.Sorted()) != 0 {
				t.Errorf("%d series left, %d in the list", m.Len(), len(m.Sorted()))
			}
		})
	}
}

// checkOwn checks that a list is in order and contains the worker's own series.
func checkOwn(t *testing.T, list []*entry, worker int, own map[int]*entry) {
	checkSorted(t, list)
	n := 0
	for _, e := range list {
		if valuesIn(e)[1] == strconv.Itoa(worker) {
			n++
		}
	}
	for _, e := range own {
		if !contains(list, e) {
			t.Errorf("%s exists and is not in the list", e.Labels().Text())
		}
	}
	if n != len(own) {
		t.Errorf("%d series of worker %d in the list, want %d", n, worker, len(own))
	}
}

// TestConcurrentGetThenSorted checks that Sorted does not miss a series that another goroutine creates and
// that Get has found.
func TestConcurrentGetThenSorted(t *testing.T) {
	const all = 400
	for range 5 {
		m := newMap("i")
		together(workers, func(worker int) {
			for i := range all {
				values := []string{strconv.Itoa(i)}
				if worker == 0 {
					m.GetOrCreate(values, nil)
				} else if e := m.Get(values); e != nil && !contains(m.Sorted(), e) {
					t.Errorf("%s exists and is not in the list", e.Labels().Text())
				}
			}
		})
		if len(m.Sorted()) != all {
			t.Errorf("%d series, want %d", len(m.Sorted()), all)
		}
	}
}

// TestConcurrentCreation checks that all goroutines get the same series, which is created once.
func TestConcurrentCreation(t *testing.T) {
	type counted struct{ inits atomic.Int32 }
	const all = 300
	var got [workers][all]*labelmap.Entry[counted]
	m := labelmap.New[counted](newLayout("i"))
	together(workers, func(worker int) {
		for i := range all {
			e := m.GetOrCreate([]string{strconv.Itoa(i)}, func(e *labelmap.Entry[counted]) { e.Child.inits.Add(1) })
			if n := e.Child.inits.Load(); n != 1 {
				t.Errorf("init has been called %d times", n)
			}
			got[worker][i] = e
		}
	})
	for worker := range got {
		if got[worker] != got[0] {
			t.Errorf("worker %d got other series than worker 0", worker)
		}
	}
}

// TestConcurrentDeletionsCount checks that each series ever created either still exists, or was deleted
// once, by exactly one of the goroutines that tried.
func TestConcurrentDeletionsCount(t *testing.T) {
	var created, deleted atomic.Int64
	m := newMap("i")
	together(workers, func(worker int) {
		r := rand.New(rand.NewPCG(uint64(worker), 1))
		for range 3000 {
			values := []string{strconv.Itoa(r.IntN(30))}
			switch kind := r.IntN(100); {
			case kind < 60:
				m.GetOrCreate(values, func(*entry) { created.Add(1) })
			case kind < 95:
				if m.Delete(values) {
					deleted.Add(1)
				}
			case kind < 98:
				n := m.DeleteFunc(func(e *entry) bool { return valuesIn(e)[0] < values[0] })
				deleted.Add(int64(n))
			default:
				checkSorted(t, m.Sorted())
			}
		}
	})
	left := int(created.Load() - deleted.Load())
	if m.Len() != left || len(m.Sorted()) != left {
		t.Errorf("%d created and %d deleted, but there are %d, in a list of %d", created.Load(), deleted.Load(), m.Len(), len(m.Sorted()))
	}
}

// clears are the ways to delete all series at once.
var clears = map[string]func(m *series){
	"Reset":      func(m *series) { m.Reset() },
	"DeleteFunc": func(m *series) { m.DeleteFunc(func(*entry) bool { return true }) },
}

// TestConcurrentClear fills and clears the map repeatedly, and checks that each list shows the map at one
// moment. The series are created in order, so such a list is the beginning of one generation.
func TestConcurrentClear(t *testing.T) {
	const size, generations = 50, 100
	for name, clearAll := range clears {
		t.Run(name, func(t *testing.T) {
			m := newMap("generation", "i")
			var done atomic.Bool
			var readers sync.WaitGroup
			for range 3 {
				readers.Go(func() {
					for !done.Load() && !t.Failed() {
						checkGeneration(t, m.Sorted())
					}
				})
			}
			for generation := range generations {
				for i := range size {
					m.GetOrCreate([]string{strconv.Itoa(generation), strconv.Itoa(100 + i)}, nil)
				}
				if n := len(m.Sorted()); n != size {
					t.Errorf("%d series, want %d", n, size)
				}
				clearAll(m)
				if m.Len() != 0 || len(m.Sorted()) != 0 {
					t.Errorf("%d series left, %d in the list", m.Len(), len(m.Sorted()))
				}
			}
			done.Store(true)
			readers.Wait()
		})
	}
}

// TestConcurrentGetThenSortedOfDeleted checks that Sorted returns neither a series that Get no longer
// finds nor any other series that was deleted with it.
func TestConcurrentGetThenSortedOfDeleted(t *testing.T) {
	const size, rounds = 400, 40
	value := func(i int) []string { return []string{strconv.Itoa(i)} }
	for name, clearAll := range clears {
		t.Run(name, func(t *testing.T) {
			m := newMap("i")
			for range rounds {
				for i := range size {
					m.GetOrCreate(value(i), nil)
				}
				m.Sorted()
				together(workers, func(worker int) {
					if worker == 0 {
						clearAll(m)
						return
					}
					for m.Get(value(worker)) != nil {
						runtime.Gosched()
					}
					if n := len(m.Sorted()); n != 0 {
						t.Errorf("%d series are in the list of a map that was cleared", n)
					}
				})
			}
		})
	}
}

// TestConcurrentDeleteFuncAsksForOneMoment checks that DeleteFunc passes all series of one moment to
// match: if series are created in order, these are the first ones, without gaps.
func TestConcurrentDeleteFuncAsksForOneMoment(t *testing.T) {
	const size = 2000
	m := newMap("i")
	together(2, func(worker int) {
		if worker == 0 {
			for i := range size {
				m.GetOrCreate([]string{strconv.Itoa(i)}, nil)
			}
			return
		}
		for m.Len() < size && !t.Failed() {
			asked, last := 0, -1
			m.DeleteFunc(func(e *entry) bool {
				i, err := strconv.Atoi(valuesIn(e)[0])
				if err != nil {
					t.Error(err)
				}
				asked, last = asked+1, max(last, i)
				return false
			})
			if asked != last+1 {
				t.Errorf("asked for %d series, the last of them being number %d", asked, last)
			}
		}
	})
}

func checkGeneration(t *testing.T, list []*entry) {
	for i, e := range list {
		values, first := valuesIn(e), valuesIn(list[0])
		if values[0] != first[0] || values[1] != strconv.Itoa(100+i) {
			t.Errorf("number %d of a list of %d that begins with %q is %q", i, len(list), first, values)
			return
		}
	}
}
