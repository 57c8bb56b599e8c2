package store

import (
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Snapshot is one sample of everything that was gathered. It is immutable, and may be kept for as
// long as somebody needs it.
type Snapshot struct {
	At       time.Time
	Families []*Family // Sorted by name.
	Series   int       // In all families.
	Left     int       // Series that are not in the snapshot, because there are too many.

	// Numbers has the values of all series: number i of a series lies at Numbers[series.Cols[i]].
	Numbers []float64
	// Exemplars are those of counters and histograms that have any.
	Exemplars map[*Series][]*model.Exemplar
}

// Find returns the family of that name, or nil.
func (s *Snapshot) Find(name string) *Family {
	i, found := slices.BinarySearchFunc(s.Families, name, func(f *Family, name string) int {
		return strings.Compare(f.Name, name)
	})
	if !found {
		return nil
	}
	return s.Families[i]
}

// columns returns the number in each of these columns, in a slice of its own.
func (s *Snapshot) columns(cols []int32) [][]float64 {
	numbers := make([][]float64, len(cols))
	flat := make([]float64, len(cols))
	for i, c := range cols {
		flat[i] = Missing
		if c >= 0 && int(c) < len(s.Numbers) {
			flat[i] = s.Numbers[c]
		}
		numbers[i] = flat[i : i+1 : i+1]
	}
	return numbers
}

// memory returns how much memory a snapshot takes that it does not share with others. s may be nil.
func (s *Snapshot) memory() int {
	if s == nil {
		return 0
	}
	n := cap(s.Numbers)*8 + cap(s.Families)*8
	for _, list := range s.Exemplars {
		n += exemplarsMemory + cap(list)*8
		for _, e := range list {
			n += exemplarMemory + len(e.Labels.Text())
		}
	}
	return n
}

// Fitting returns how many of these snapshots, from the first on, take no more than so much memory together. Families
// that they share count once.
func Fitting(limit int, snapshots ...*Snapshot) int {
	counted := make(map[*Family]struct{})
	for i, s := range snapshots {
		limit -= s.memory()
		for _, f := range s.Families {
			if _, shared := counted[f]; shared {
				continue
			}
			counted[f] = struct{}{}
			limit -= listedMemory * cap(f.Series)
			for _, one := range f.Series {
				limit -= one.memory()
			}
		}
		if limit < 0 {
			return i
		}
	}
	return len(snapshots)
}

// Family is a family with its series. It is immutable; snapshots share it as long as it does not change.
type Family struct {
	*model.Family

	Series []*Series // In the order in which they are exposed.
	Bytes  int       // About how long the family is in an exposition.
}

// Series is a series of a family. It is immutable and the same in all snapshots as long as the
// series exists and neither its shape nor its start changes. One that takes its place has the same
// columns for the numbers that both have.
type Series struct {
	Key     string        // The rendered labels: equal exactly if the labels are.
	Created model.Instant // When the series began, if the program says so.
	Cols    []int32       // The columns of its numbers, in the order that the shape says.
	Labels  []model.Label // Unescaped, sorted by name.
	Shape   *Shape        // Series of the same shape may share it.
	Bytes   int           // About how long it is in an exposition.

	ownsShape bool // The memory of the shape counts as that of this series.
}

// Kind says what the numbers of a series are.
type Kind uint8

// The kinds of series.
const (
	Number    Kind = iota // Its value.
	Histogram             // Count, sum, and the observations in each bucket alone (not cumulative), in ascending order of buckets.
	Summary               // Count, sum and the value of each quantile.
	StateSet              // 1 or 0 for each state.
)

// Shape tells what the numbers of a series mean.
type Shape struct {
	Kind      Kind
	Buckets   []Bucket  // Of a histogram, by ascending bounds. Native ones are those that have ever had observations.
	Native    bool      // The buckets are native ones.
	Quantiles []float64 // Of a summary.
	States    []string  // Of a state set.

	keys *nativeKeys // Of native buckets.
}

// Bucket has observations in (Lower, Upper]. The lowest classic bucket begins at -Inf, the highest one ends at
// +Inf. Native buckets of negative numbers are [Lower, Upper), and the one around zero is [Lower, Upper].
type Bucket struct{ Lower, Upper float64 }
