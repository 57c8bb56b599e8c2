package engine

import (
	"sync"
	"testing"
)

// TestMutexDo checks that every task runs, one at a time and in the order of its goroutine's calls, whether
// the mutex is free or not.
func TestMutexDo(t *testing.T) {
	const goroutines, each = 8, 2000
	var (
		m     mutex
		last  [goroutines]int
		other int
		all   sync.WaitGroup
	)
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				m.Do(&task{do: func() {
					if last[g] != i {
						t.Errorf("%d comes after %d others, want %d", i, last[g], i)
					}
					last[g]++
				}})
				if i%4 == 0 {
					m.Lock()
					other++
					m.Unlock()
				}
			}
		})
	}
	all.Wait()
	for g, n := range last {
		if n != each {
			t.Errorf("goroutine %d: %d of %d were done", g, n, each)
		}
	}
	if want := goroutines * each / 4; other != want {
		t.Errorf("locked %d times, want %d", other, want)
	}

	m.Lock()
	done := false
	m.Do(&task{do: func() { done = true }})
	if done {
		t.Error("done without the mutex")
	}
	m.Unlock()
	if !done {
		t.Error("not done before the mutex was free")
	}
}
