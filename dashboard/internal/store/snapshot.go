package store

import (
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Snapshot is one sample of everything that was gathered. It is immutable, and remains valid for as long
// as it is referenced.
type Snapshot struct {
	At       time.Time
	Families []*Family // sorted by name
	Series   int       // number of series in all families
	Omitted  int       // number of series that were left out because of the limits

	// Numbers holds the values of all series: number i of a series is Numbers[series.Cols[i]].
	Numbers []float64
	// Exemplars holds the exemplars of counters and histograms that have any.
	Exemplars map[*Series][]*model.Exemplar
}

// Find returns the family with that name, or nil.
func (s *Snapshot) Find(name string) *Family {
	i, found := slices.BinarySearchFunc(s.Families, name, func(f *Family, name string) int {
		return strings.Compare(f.Name, name)
	})
	if !found {
		return nil
	}
	return s.Families[i]
}

// columns returns the numbers in the given columns, each in its own slice.
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

// memory returns the memory that a snapshot does not share with others. s may be nil.
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

// Fitting returns how many of these snapshots, from the first on, fit into limit bytes together.
// Families that they share count once.
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

// Family is a family with its series. It is immutable. Snapshots share it as long as it does not change.
type Family struct {
	*model.Family

	Series []*Series // in the order of the exposition
	Bytes  int       // approximate length of the family in an exposition
}

// Series is a series of a family. It is immutable, and the same in all snapshots as long as the series
// exists and neither its shape nor its start changes. A series that replaces it has the same columns for
// the numbers that both have.
type Series struct {
	Key     string        // the rendered labels: keys are equal exactly if the labels are
	Created model.Instant // when the series began, if known
	Cols    []int32       // columns of its numbers, in the order of the shape
	Labels  []model.Label // unescaped, sorted by name
	Shape   *Shape        // may be shared by series of the same shape
	Bytes   int           // approximate length in an exposition

	ownsShape bool // whether the memory of the shape counts as this series'
}

// Kind is the meaning of a series' numbers.
type Kind uint8

// The kinds of series.
const (
	Number    Kind = iota // value
	Histogram             // count, sum, and the observations of each bucket (not cumulative), in ascending order of buckets
	Summary               // count, sum and the value of each quantile
	StateSet              // 1 or 0 for each state
)

// Shape describes the numbers of a series.
type Shape struct {
	Kind      Kind
	Buckets   []Bucket  // of a histogram, by ascending bounds; native buckets once they have had observations
	Native    bool      // whether the buckets are native
	Quantiles []float64 // of a summary
	States    []string  // of a state set

	keys *nativeKeys // of native buckets
}

// Bucket contains observations in (Lower, Upper]. The lowest classic bucket begins at -Inf; the highest
// one ends at +Inf. Native buckets of negative numbers are [Lower, Upper), and the one around zero is
// [Lower, Upper].
type Bucket struct{ Lower, Upper float64 }
