package labelmap

import (
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/model"
)

type counted struct{ n, updates atomic.Uint64 }

func (c *counted) add(n uint64) {
	c.n.Add(n)
	c.updates.Add(1)
}

var countedLife = Life[counted]{
	Pulse: func(c *counted, _ uint64) uint64 { return c.updates.Load() },
	Restart: func(c *counted, _ uint64, _ time.Time) (uint64, bool) {
		c.n.Store(0)
		return c.updates.Load(), true
	},
	Begin: func(*counted, time.Time) {},
	Move: func(to, from *counted, _ uint64) uint64 {
		to.add(from.n.Swap(0))
		return from.updates.Load()
	},
}

// TestTwins checks the finalizer of an expired entry when another entry with the same labels exists.
func TestTwins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[counted](model.NewLayout(nil, []string{"a"}))
		m.SetExpiry(time.Minute, true, countedLife)
		old := m.GetOrCreate([]string{"x"}, nil)
		hash := old.state.Load()
		old.Child.add(1)
		time.Sleep(2 * time.Minute)
		if m.Len() != 0 {
			t.Fatal("the entry did not expire")
		}
		x := m.expirer().(*expiry[counted])
		m.mu.Lock()
		end := x.byHash[hash][0]
		delete(x.byHash, hash) // as if the garbage collector had cleared its pointer
		m.mu.Unlock()
		old.Child.add(2)
		twin := m.GetOrCreate([]string{"x"}, nil)
		if twin == old {
			t.Fatal("there is no twin")
		}
		twin.Child.add(10)
		x.dropped(old, hash, end)
		if twin.Child.n.Load() != 12 || m.Len() != 1 || m.Get([]string{"x"}) != twin {
			t.Errorf("the twin has %d, want 12; %d entries, want 1", twin.Child.n.Load(), m.Len())
		}
	})
}

// TestEntriesReturnOnce checks that a list of the series contains an entry once, however often it has
// expired.
func TestEntriesReturnOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[counted](model.NewLayout(nil, []string{"a"}))
		m.SetExpiry(time.Minute, true, countedLife)
		others := []*Entry[counted]{m.GetOrCreate([]string{"a"}, nil), m.GetOrCreate([]string{"z"}, nil)}
		e := m.GetOrCreate([]string{"x"}, nil)
		for round := range 20 {
			if round%3 > 0 {
				m.Sorted()
			}
			for range 9 { // This series expires; the others do not.
				time.Sleep(10 * time.Second)
				for _, other := range others {
					other.Child.add(1)
				}
			}
			if round%4 == 0 {
				m.Sorted()
			}
			if m.Get([]string{"x"}) != nil {
				t.Fatal("the entry did not expire")
			}
			if round%2 == 0 {
				e.Child.add(1)
			} else if m.GetOrCreate([]string{"x"}, nil) != e {
				t.Fatal("there is another entry")
			}
			if sorted := m.Sorted(); len(sorted) != 3 || sorted[1] != e || m.Get([]string{"x"}) != e {
				t.Fatalf("round %d: a list has %d entries, want 3", round, len(sorted))
			}
		}
	})
}

// TestTimerIsNotArmedForNothing checks that the timer of the sweeps runs only while the map has series.
func TestTimerIsNotArmedForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[counted](model.NewLayout(nil, []string{"a"}))
		m.SetExpiry(time.Minute, true, countedLife)
		x := m.expirer().(*expiry[counted])
		check := func(want bool) {
			t.Helper()
			synctest.Wait()
			m.mu.Lock()
			defer m.mu.Unlock()
			if x.armed != want {
				t.Errorf("the timer is armed: %v, want %v", x.armed, want)
			}
		}
		check(false)
		m.GetOrCreate([]string{"x"}, nil)
		check(true)
		m.Reset()
		time.Sleep(2 * time.Minute)
		check(false)
		m.GetOrCreate([]string{"x"}, nil)
		check(true)
	})
}

func BenchmarkSweep(b *testing.B) {
	const entries = 100_000
	m := New[counted](model.NewLayout(nil, []string{"a"}))
	m.SetExpiry(time.Hour, true, countedLife)
	for i := range entries {
		m.GetOrCreate([]string{strconv.Itoa(i)}, nil)
	}
	x := m.expirer().(*expiry[counted])
	for b.Loop() {
		x.sweep()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/entries, "ns/series")
}
