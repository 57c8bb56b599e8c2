package labelmap_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
)

// TestHashesDiffer hashes all texts of a few letters in every length that the hash treats differently,
// and every way to cut one text in two. With a good hash of 64 bits, a collision has a probability of
// 10⁻¹¹.
func TestHashesDiffer(t *testing.T) {
	seen := make(map[uint64][]string)
	check := func(values ...string) {
		values = slices.Clone(values)
		h := labelmap.HashOf(values)
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have the same hash", values, other)
		}
		seen[h] = values
	}
	texts := []string{""}
	for begin, length := 0, 1; length <= 10; length++ {
		end := len(texts)
		for _, text := range texts[begin:end] {
			texts = append(texts, text+"\x00", text+"a")
		}
		begin = end
	}
	for _, text := range texts {
		check(text)
		check(text, "x")
		check("x", text)
		check("0123456789", text+"abcdefgh")
	}
	const text = "a text that is long enough for every case"
	for i := range len(text) + 1 {
		check(text[:i], text[i:])
	}
	check()
}

// TestHashesSpread distributes numbers, the most common kind of similar values, among as many buckets
// by the bits that tables use.
func TestHashesSpread(t *testing.T) {
	const buckets = 4096
	var load [buckets]int
	for i := range buckets {
		load[labelmap.HashOf([]string{"GET", strconv.Itoa(i)})%buckets]++
	}
	// With a random hash, some bucket has 16 or more with a probability of 10⁻¹⁰.
	if most := slices.Max(load[:]); most >= 16 {
		t.Errorf("%d of %d values in one bucket", most, buckets)
	}
}
