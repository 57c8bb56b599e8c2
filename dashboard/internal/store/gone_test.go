package store_test

import (
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// TestGone checks that Gone lists the series that have ended within the window, and not those that are back.
func TestGone(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	keys := func() (all string) {
		for _, one := range s.Gone("a") {
			all += one.Key + " "
		}
		return all
	}
	if got := keys(); got != "" {
		t.Errorf("an empty store has %q", got)
	}
	sample(s, start, counters("a", number(1, "l", "1"), number(2, "l", "2")))
	if got := keys(); got != "" {
		t.Errorf("%q is gone after the first sample", got)
	}
	sample(s, start.Add(time.Second), counters("a", number(1, "l", "1")))
	if got := keys(); got != `l="2" ` {
		t.Errorf("%q is gone, not the second series", got)
	}
	if _, numbers := s.Range(start.Add(-1), s.Gone("a")[0].Cols); numbers[0][0] != 2 || !store.IsMissing(numbers[0][1]) {
		t.Errorf("it had %v", numbers)
	}
	sample(s, start.Add(2*time.Second), counters("a", number(1, "l", "1"), number(3, "l", "2")))
	if got := keys(); got != "" {
		t.Errorf("%q is gone, although it is back", got)
	}
	sample(s, start.Add(3*time.Second), counters("a", number(1, "l", "1")))
	for i := range 80 {
		sample(s, start.Add(time.Duration(4+i)*time.Second), counters("a", number(1, "l", "1")))
	}
	if got := keys(); got != "" {
		t.Errorf("%q is still known after the window", got)
	}
}
