package hops_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/hops"
)

// TestLoop checks that a target is refused if the scrape has already come through it, in this process or in
// another one.
func TestLoop(t *testing.T) {
	a, b := hops.NewID(), hops.NewID()
	if a == b {
		t.Fatal("two targets have the same ID")
	}
	ctx := t.Context()
	if err := hops.Check(ctx, a); err != nil || hops.Any(ctx) {
		t.Errorf("at first: %v, %t", err, hops.Any(ctx))
	}
	ctx = hops.Under(t.Context(), []string{hops.Value(ctx, a)}) // the context of the next process
	if err := hops.Check(ctx, b); err != nil || !hops.Any(ctx) {
		t.Errorf("another target: %v, %t", err, hops.Any(ctx))
	}
	ctx = hops.Under(t.Context(), []string{hops.Value(ctx, b)})
	for _, id := range []string{a, b} {
		if err := hops.Check(ctx, id); !errors.Is(err, hops.ErrLoop) {
			t.Errorf("the second time: %v", err)
		}
	}
}

// TestTooFar checks that a target is refused if the scrape has come through too many others.
func TestTooFar(t *testing.T) {
	ctx := t.Context()
	for range hops.Max {
		id := hops.NewID()
		if err := hops.Check(ctx, id); err != nil {
			t.Fatal(err)
		}
		ctx = hops.Under(t.Context(), []string{hops.Value(ctx, id)})
	}
	if err := hops.Check(ctx, hops.NewID()); !errors.Is(err, hops.ErrTooFar) {
		t.Errorf("after %d targets: %v", hops.Max, err)
	}
}

// TestHeaders checks that every value of the header is handled, however odd.
func TestHeaders(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []string
		loop   bool // for the target x
	}{
		{"none", nil, false},
		{"empty", []string{"", " , ,"}, false},
		{"one", []string{"x"}, true},
		{"several", []string{"a, x ,b"}, true},
		{"several values", []string{"a", "x"}, true},
		{"too long", []string{strings.Repeat("a", 10_000) + ",x"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := hops.Check(hops.Under(t.Context(), test.values), "x"); errors.Is(err, hops.ErrLoop) != test.loop {
				t.Errorf("got %v, want a loop: %t", err, test.loop)
			}
		})
	}
	many := hops.Under(t.Context(), []string{strings.Repeat("a,", 2000)})
	if got := hops.Value(many, "x"); len(got) > 100 {
		t.Errorf("a request with %d bytes of IDs was made", len(got))
	}
}
