package query_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

var (
	start = time.Unix(1_700_000_000, 0).UTC()
	inf   = math.Inf(1)
	none  = store.Missing
)

// world is a program whose series have given numbers at given times.
type world struct {
	times    []time.Time
	numbers  [][]float64 // by column
	families []*store.Family
}

// newWorld returns a world with samples at the given seconds after start.
func newWorld(seconds ...float64) *world {
	w := &world{}
	for _, s := range seconds {
		w.times = append(w.times, at(s))
	}
	return w
}

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// every returns n times, step seconds apart.
func every(step float64, n int) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = step * float64(i)
	}
	return times
}

func (w *world) family(name string, t model.Type) *store.Family {
	f := &store.Family{Family: &model.Family{Name: name, Type: t, Help: "Help of " + name + "."}}
	w.families = append(w.families, f)
	return f
}

// series adds a series with labels such as "code=200,method=GET". Each column has a number for each time.
func (w *world) series(f *store.Family, labels string, shape *store.Shape, columns ...[]float64) *store.Series {
	s := &store.Series{Shape: shape, Bytes: len(labels) + 10}
	if s.Shape == nil {
		s.Shape = number
	}
	if labels != "" {
		for pair := range strings.SplitSeq(labels, ",") {
			name, value, _ := strings.Cut(pair, "=")
			s.Labels = append(s.Labels, model.Label{Name: name, Value: value})
		}
	}
	rendered, err := model.NewLabels(s.Labels)
	if err != nil {
		panic(err)
	}
	s.Key = rendered.Text()
	for _, column := range columns {
		s.Cols = append(s.Cols, int32(len(w.numbers)))
		w.numbers = append(w.numbers, column)
	}
	f.Series = append(f.Series, s)
	f.Bytes += s.Bytes
	return s
}

var number = &store.Shape{Kind: store.Number}

// snapshot returns sample i with the series that have numbers in it.
func (w *world) snapshot(i int) *store.Snapshot {
	s := &store.Snapshot{At: w.times[i], Exemplars: make(map[*store.Series][]*model.Exemplar)}
	for _, column := range w.numbers {
		s.Numbers = append(s.Numbers, column[i])
	}
	for _, f := range w.families {
		here := slices.DeleteFunc(slices.Clone(f.Series), func(s *store.Series) bool {
			return len(s.Cols) > 0 && store.IsMissing(w.numbers[s.Cols[0]][i])
		})
		switch {
		case len(here) == len(f.Series):
			s.Families = append(s.Families, f)
		case len(here) > 0:
			part := *f
			part.Series, part.Bytes = here, 0
			for _, one := range here {
				part.Bytes += one.Bytes
			}
			s.Families = append(s.Families, &part)
		}
		s.Series += len(here)
	}
	slices.SortFunc(s.Families, func(a, b *store.Family) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func (w *world) last() *store.Snapshot { return w.snapshot(len(w.times) - 1) }

// Range implements Past.
func (w *world) Range(from time.Time, cols []int32) ([]time.Time, [][]float64) {
	first := len(w.times)
	for i, t := range slices.Backward(w.times) {
		if !t.After(from) {
			break
		}
		first = i
	}
	numbers := make([][]float64, len(cols))
	for i, c := range cols {
		numbers[i] = slices.Clone(w.numbers[c][first:])
	}
	return slices.Clone(w.times[first:]), numbers
}

// Gone implements Past.
func (w *world) Gone(family string) (gone []*store.Series) {
	for _, f := range w.families {
		for _, s := range f.Series {
			if f.Name == family && len(s.Cols) > 0 && store.IsMissing(w.numbers[s.Cols[0]][len(w.times)-1]) {
				gone = append(gone, s)
			}
		}
	}
	return gone
}

// floats converts the numbers of an answer to the representation of the store.
func floats(numbers []api.Number) []float64 {
	result := make([]float64, len(numbers))
	for i, n := range numbers {
		if result[i] = float64(n); math.Float64bits(float64(n)) == math.Float64bits(float64(api.Missing)) {
			result[i] = none
		}
	}
	return result
}

// same fails the test if numbers differ by more than a rounding error.
func same(t *testing.T, what string, answer []api.Number, want ...float64) {
	t.Helper()
	got := floats(answer)
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		g := got[i]
		if store.IsMissing(want[i]) || store.IsMissing(g) {
			ok = store.IsMissing(want[i]) && store.IsMissing(g)
			continue
		}
		ok = g == want[i] || math.Abs(g-want[i]) <= 1e-9*max(1, math.Abs(want[i])) || math.IsNaN(g) && math.IsNaN(want[i])
	}
	if !ok {
		t.Errorf("%s: got %v, want %v", what, shown(got), shown(want))
	}
}

// shown returns the numbers, with a text for each missing one, because it would look like NaN.
func shown(numbers []float64) []any {
	result := make([]any, len(numbers))
	for i, n := range numbers {
		if result[i] = n; store.IsMissing(n) {
			result[i] = "missing"
		}
	}
	return result
}
