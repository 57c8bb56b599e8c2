package query

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestNeedleLikeNaive checks that a needle finds the same texts as a search with strings.ToLower.
func TestNeedleLikeNaive(t *testing.T) {
	const letters = "aAbBéÉÜüßſKk\xffß=_ 1"
	runes := []rune(letters)
	random := func(r *rand.Rand, n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	found := 0
	for seed := range uint64(20000) {
		r := rand.New(rand.NewPCG(seed, 3))
		text, part := random(r, r.IntN(12)), random(r, r.IntN(3))
		n := newNeedle(part)
		got, want := n.in(text), strings.Contains(strings.ToLower(text), strings.ToLower(part))
		if got != want {
			t.Fatalf("%q in %q: got %v", part, text, got)
		}
		if got {
			found++
		}
		if got, want := n.isPrefixOf(text), strings.HasPrefix(strings.ToLower(text), strings.ToLower(part)); got != want {
			t.Fatalf("%q begins %q: got %v", part, text, got)
		}
	}
	if found < 1000 || found > 19000 {
		t.Errorf("found %d of them", found)
	}
}

// TestLongTextsAreSearchedInPart checks that a search looks only at the first maxScanned bytes of a text.
func TestLongTextsAreSearchedInPart(t *testing.T) {
	n := newNeedle("needle")
	if !n.in(strings.Repeat("x", maxScanned-6) + "NEEDLE") {
		t.Error("it is not found at the end of what is searched")
	}
	if n.in(strings.Repeat("x", maxScanned) + "NEEDLE") {
		t.Error("it is found behind what is searched")
	}
}
