package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// TestReadersBesideRounds reads the store while rounds are committed and the store is cleared.
func TestReadersBesideRounds(t *testing.T) {
	s := store.New(store.Limits{Window: 20 * time.Second, MaxBytes: 1 << 20})
	done := make(chan struct{})
	var readers sync.WaitGroup
	read := func(once func()) {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					once()
				}
			}
		})
	}
	read(func() {
		snapshot := s.Latest()
		if snapshot == nil {
			return
		}
		f := snapshot.Find("http_requests_total")
		for _, series := range f.Series {
			if snapshot.Numbers[series.Cols[0]] < 0 {
				t.Error("a number that was never there")
			}
		}
		times, numbers := s.Range(snapshot.At.Add(-10*time.Second), f.Series[0].Cols)
		if len(numbers) != 1 || len(numbers[0]) != len(times) {
			t.Errorf("%d numbers for %d times", len(numbers), len(times))
		}
	})
	read(func() { s.Usage() })
	read(func() { s.Range(time.Time{}, []int32{0, 1, 2, 50}) })
	f := manyCounters(100)
	for tick := range 300 {
		f.change(tick, 2)
		r := s.Begin(start.Add(time.Duration(tick) * time.Second))
		now := f
		now.points = f.points[tick%10:]
		feed(r, now)
		if tick%50 == 49 {
			s.Clear()
		}
		if got := r.Commit(); got.Series != len(now.points) {
			t.Fatalf("sample %d has %d series, want %d", tick, got.Series, len(now.points))
		}
		if tick%50 == 49 && (s.Latest() != nil || s.Usage().Samples != 0) {
			t.Fatal("a round that began before Clear was kept")
		}
	}
	close(done)
	readers.Wait()
}

// TestDiscard checks that a round that was discarded leaves nothing in the store.
func TestDiscard(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	first := sample(s, start, counters("a_total", number(1, "x", "1")))
	r := s.Begin(start.Add(time.Second))
	feed(r, counters("a_total", number(7, "x", "0")), counters("b_total", number(7)))
	r.Discard()
	r.Discard()
	if r.Commit(); s.Latest() != first {
		t.Error("a round was kept after it was discarded")
	}
	second := sample(s, start.Add(2*time.Second), counters("a_total", number(2, "x", "1"), number(3, "x", "2")))
	if got := past(s, find(t, second, "a_total", "x", "1").Cols[0]); got != "[1 2]" {
		t.Errorf("the past is %s, want [1 2]", got)
	}
	if got := past(s, find(t, second, "a_total", "x", "2").Cols[0]); got != "[- 3]" {
		t.Errorf("the past of a new series is %s, want [- 3]", got)
	}
}
