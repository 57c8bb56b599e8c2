package query

import (
	"sort"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// Limits of a plot.
const (
	defaultWindow = 5 * time.Minute
	maxWindow     = 24 * time.Hour
	maxPoints     = 600
)

// maxRead is how many numbers are read from the past at once; they take 32 MB.
const maxRead = 4 << 20

// window is the part of the past that a plot shows. A sample is a time at which all series were read. A point
// is shown in the plot: it is the last sample of an interval. If there are too many samples, an interval has
// several.
type window struct {
	samples []time.Time
	seconds []float64 // seconds between each sample and the previous one
	points  []int     // indexes of samples, ascending
}

// newWindow returns the window after since or, if since is zero, the window of the given length before
// until. No sample is later than until.
func newWindow(past Past, since, until time.Time, length time.Duration) *window {
	from := until.Add(-length)
	if !since.IsZero() && since.After(from) {
		from = since
	}
	// The page knows times in milliseconds. A plot continues after the sample at since, truncated like
	// this.
	from = from.Truncate(time.Millisecond)
	w := &window{}
	w.samples, _ = past.Range(from.Add(-1), nil)
	w.samples = w.samples[:sort.Search(len(w.samples), func(i int) bool { return w.samples[i].After(until) })]

	w.seconds = make([]float64, len(w.samples))
	for i := 1; i < len(w.samples); i++ {
		w.seconds[i] = w.samples[i].Sub(w.samples[i-1]).Seconds()
	}

	// The first interval begins with the sample at since. Without such a sample, it begins with the
	// first point, which then has no rate.
	first := 0
	if !since.IsZero() {
		for first < len(w.samples) && w.samples[first].UnixMilli() <= since.UnixMilli() {
			first++
		}
	}
	n := len(w.samples) - first
	stride := max((n+maxPoints-1)/maxPoints, 1)
	for i := first + (n-1)%stride; i < len(w.samples) && n > 0; i += stride {
		w.points = append(w.points, i)
	}
	return w
}

// interval returns the first and the last sample of interval k.
func (w *window) interval(k int) (from, to int) {
	if k == 0 {
		return 0, w.points[0]
	}
	return w.points[k-1], w.points[k]
}

// times returns the times of the points in milliseconds. The result is not nil.
func (w *window) times() []int64 {
	times := make([]int64, len(w.points))
	for k, i := range w.points {
		times[k] = w.samples[i].UnixMilli()
	}
	return times
}

// missing returns a value for each point, all of them missing.
func (w *window) missing() []float64 {
	v := make([]float64, len(w.points))
	for k := range v {
		v[k] = store.Missing
	}
	return v
}

// each calls visit for each series with its numbers: a slice for each of its columns, with a number for
// each sample. It reads many series at once, but if possible not more than maxRead numbers.
func (w *window) each(past Past, series []*store.Series, visit func(i int, numbers [][]float64)) {
	if len(w.points) == 0 {
		return
	}
	budget := max(maxRead/len(w.samples), 1)
	for start := 0; start < len(series); {
		var cols []int32
		end := start
		for end < len(series) && (end == start || len(cols)+len(series[end].Cols) <= budget) {
			cols = append(cols, series[end].Cols...)
			end++
		}
		numbers := w.read(past, cols)
		for i := start; i < end; i++ {
			n := len(series[i].Cols)
			visit(i, numbers[:n:n])
			numbers = numbers[n:]
		}
		start = end
	}
}

// read returns the numbers of columns at all samples. Since the window was made, the past may have lost
// its beginning and grown at its end.
func (w *window) read(past Past, cols []int32) [][]float64 {
	times, numbers := past.Range(w.samples[0].Add(-1), cols)
	if len(times) >= len(w.samples) && times[0].Equal(w.samples[0]) && times[len(w.samples)-1].Equal(w.samples[len(w.samples)-1]) {
		for i := range numbers {
			numbers[i] = numbers[i][:len(w.samples)]
		}
		return numbers
	}
	aligned := make([][]float64, len(cols))
	for c := range aligned {
		aligned[c] = make([]float64, len(w.samples))
		j := 0
		for i, t := range w.samples {
			for j < len(times) && times[j].Before(t) {
				j++
			}
			aligned[c][i] = store.Missing
			if j < len(times) && times[j].Equal(t) {
				aligned[c][i] = numbers[c][j]
			}
		}
	}
	return aligned
}
