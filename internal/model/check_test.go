package model_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/words"
)

// The packages clientmodel and parse, where samples enter the library, test the other checks.
func TestSortBuckets(t *testing.T) {
	bounds := func(vs ...float64) (buckets []model.Bucket) {
		for _, v := range vs {
			buckets = append(buckets, model.Bucket{UpperBound: v})
		}
		return buckets
	}
	inf := math.Inf(1)
	tests := []struct {
		buckets, want []model.Bucket
		err           string
	}{
		{nil, nil, ""},
		{bounds(1, 2, inf), bounds(1, 2, inf), ""},
		{bounds(inf, 2, -1), bounds(-1, 2, inf), ""},
		{bounds(2, 1, 2), bounds(1, 2, 2), "has two or more buckets with the same upper bound: 2"},
		{bounds(2, math.NaN()), nil, "has a bucket whose upper bound is not a number"},
	}
	for _, test := range tests {
		err := model.SortBuckets(test.buckets)
		if err == nil && test.err != "" || err != nil && err.Error() != test.err {
			t.Errorf("got error %v, want %q", err, test.err)
		}
		if test.want != nil && !slices.Equal(test.buckets, test.want) {
			t.Errorf("got %v, want %v", test.buckets, test.want)
		}
	}
}

func TestCheckTimestamp(t *testing.T) {
	for ms, ok := range map[int64]bool{0: true, -1: false, 253_402_300_799_999: true, 253_402_300_800_000: false} {
		if err := model.CheckTimestamp(ms); (err == nil) != ok {
			t.Errorf("%d: got error %v", ms, err)
		}
	}
}

// TestSpecialIn checks that SpecialIn finds each byte at each position, also before other special
// bytes.
func TestSpecialIn(t *testing.T) {
	for c := range 256 {
		want := c >= 0x80 || strings.IndexByte("\\\"\n", byte(c)) >= 0
		for at := range 8 {
			text := []byte(`aaaaaaa"`)
			text[at] = byte(c)
			first := 7
			if want {
				first = at
			}
			special := model.SpecialIn(words.Load8(string(text)))
			if found := special != 0; found != (want || at < 7) || found && special.First() != first {
				t.Errorf("%q: found %t, the first at %d, want %d", text, found, special.First(), first)
			}
		}
	}
}
