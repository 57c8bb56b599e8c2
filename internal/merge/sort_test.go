package merge_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// TestSortLikeCompare checks the order of the series of large families whose label values have much or
// little in common and contain all kinds of bytes.
func TestSortLikeCompare(t *testing.T) {
	alphabets := map[string][]string{
		"much in common":    {strings.Repeat("/api/v1/", 3), "items", "0", "1", "2", "GET"},
		"around the quote":  {"", "\x00", " ", "!", "#", "a"},
		"escape sequences":  {`\`, `"`, "\n", "n", "m", "\\\\\\\\"},
		"all kinds":         {"a", "\xc3\xa9", "\U0001F600", " ", ",b=", "", "\x01"},
		"few":               {"x"},
		"more than a key":   {"12345678", "1234567", "123456789", strings.Repeat("y", 100)},
		"keys and an end":   {"abcdefg", "abcdefgh", "abcdefghi", "abcdefg!"},
		"nothing in common": {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"},
	}
	for name, alphabet := range alphabets {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for _, names := range [][]string{{"a"}, {"a", "b"}, {"a.b", "c"}, {`"`, "a", "b"}, nil} {
				for range 15 {
					var samples []model.Sample
					f := family(model.Gauge, "f")
					for range r.IntN(200) {
						samples = append(samples, model.Sample{Family: f, Point: randomPoint(r, names, alphabet)})
					}
					checkOrder(t, samples)
				}
			}
		})
	}
}

// TestSortByEscape checks the order of series whose first difference is within an escape sequence.
func TestSortByEscape(t *testing.T) {
	var samples []model.Sample
	f := family(model.Gauge, "f")
	for i := range 30 {
		p := model.Point{Labels: labels("a", "x"+string("\n\""[i%2])+strconv.Itoa(i)), Value: float64(i)}
		samples = append(samples, model.Sample{Family: f, Point: p})
	}
	checkOrder(t, samples)
}

// randomPoint returns a point with these labels, or with a few of its own if labels is empty.
func randomPoint(r *rand.Rand, names, alphabet []string) model.Point {
	varying := names == nil
	if varying {
		names = []string{"a", "b", "c"}[:r.IntN(4)]
	}
	var pairs []string
	for _, name := range names {
		value := ""
		for range r.IntN(4) {
			value += alphabet[r.IntN(len(alphabet))]
		}
		if varying && value == "" {
			value = "-" // An empty value would equal a missing label.
		}
		pairs = append(pairs, name, value)
	}
	return model.Point{
		Labels: labels(pairs...), Value: r.Float64(), TimestampMs: r.Int64N(3), HasTimestamp: r.IntN(4) == 0,
	}
}

// checkOrder merges samples of one family, and checks their order and that the first of equal samples
// remains.
func checkOrder(t *testing.T, samples []model.Sample) {
	t.Helper()
	sorted := slices.Clone(samples)
	byPoint := func(a, b model.Sample) int { return model.ComparePoints(&a.Point, &b.Point) }
	slices.SortStableFunc(sorted, byPoint)
	sorted = slices.CompactFunc(sorted, func(a, b model.Sample) bool { return byPoint(a, b) == 0 })
	got, _ := run(t, merge.Input{Batches: []merge.Batch{batch(samples...)}})
	want := make([]string, 0, 1+len(sorted))
	for i, s := range sorted {
		if i == 0 {
			want = append(want, "# f gauge")
		}
		want = append(want, line("f", &s.Point))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
