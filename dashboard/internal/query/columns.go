package query

import (
	"slices"
	"strconv"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// maxColumns limits the quantiles or states that are shown of a family.
const maxColumns = model.MaxStates

// columns are the columns of a family's table.
type columns struct {
	names     []string
	family    *store.Family
	quantiles []float64 // of summaries
	states    []string
}

func columnsOf(f *store.Family) columns {
	c := columns{family: f}
	switch f.Type {
	case model.Counter:
		c.names = []string{"value", "rate"}
	case model.Histogram:
		c.names = []string{"count", "rate", "avg"}
	case model.GaugeHistogram:
		c.names = []string{"count", "avg"}
	case model.Summary:
		c.names = []string{"count", "rate", "avg"}
		c.quantiles = allQuantiles(f.Series)
		for _, q := range c.quantiles {
			c.names = append(c.names, formatFloat(q))
		}
	case model.StateSet:
		c.states = allStates(f.Series)
		c.names = c.states
	default:
		c.names = []string{"value"}
	}
	if f.Type == model.Histogram || f.Type == model.GaugeHistogram {
		for _, q := range shownQuantiles {
			c.names = append(c.names, percentile(q))
		}
	}
	return c
}

// percentile returns the common name of a quantile, such as p99.
func percentile(q float64) string { return "p" + strconv.FormatFloat(q*100, 'g', 6, 64) }

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// allQuantiles returns the quantiles that any of the series has, in ascending order.
func allQuantiles(series []*store.Series) []float64 {
	var all []float64
	for _, shape := range shapesOf(series) {
		for _, q := range shape.Quantiles {
			if !slices.Contains(all, q) && len(all) < maxColumns {
				all = append(all, q)
			}
		}
	}
	slices.Sort(all)
	return all
}

// allStates returns the states that any of the series has, in the order of their first appearance.
func allStates(series []*store.Series) []string {
	var all []string
	for _, shape := range shapesOf(series) {
		for _, state := range shape.States {
			if !slices.Contains(all, state) && len(all) < maxColumns {
				all = append(all, state)
			}
		}
	}
	return all
}

// shapesOf returns the shapes of series. Most series share theirs with the previous one.
func shapesOf(series []*store.Series) []*store.Shape {
	var (
		shapes []*store.Shape
		seen   = make(map[*store.Shape]bool)
		last   *store.Shape
	)
	for _, s := range series {
		if s.Shape == last || s.Shape == nil || seen[s.Shape] {
			continue
		}
		last = s.Shape
		seen[last] = true
		shapes = append(shapes, last)
	}
	return shapes
}
