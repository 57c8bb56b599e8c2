package query

import (
	"cmp"
	"math"
	"slices"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// Changes compares two snapshots. words filters as in [Search]. limit limits the rows; 0 means 100, and
// there are never more than 1,000.
//
// Series are the same if their families and labels are equal. Series that are new or gone come first.
// Then come the numbers with the largest relative change; among equal changes, counters come first. Only
// the count and sum of histograms are compared. The caller sets the mark's ID.
func Changes(before, after *store.Snapshot, words string, limit int) *api.Changes {
	answer := &api.Changes{Rows: []api.Change{}}
	if before == nil || after == nil {
		return answer
	}
	answer.Mark.T, answer.T = millis(before.At), millis(after.At)
	c := comparison{before: before, after: after, filter: parse(words)}
	old, now := before.Families, after.Families
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].Name < now[0].Name:
			c.gone(old[0])
			old = old[1:]
		case len(old) == 0 || now[0].Name < old[0].Name:
			c.added(now[0])
			now = now[1:]
		default:
			c.family(old[0], now[0])
			old, now = old[1:], now[1:]
		}
	}
	slices.SortFunc(c.changes, compareChanges)
	answer.Total, answer.Unchanged = len(c.changes), c.unchanged
	for i := range c.changes[:min(len(c.changes), rowsOf(limit))] {
		answer.Rows = append(answer.Rows, c.changes[i].answer())
	}
	return answer
}

// comparison collects the changes between two snapshots.
type comparison struct {
	before, after *store.Snapshot
	filter        *filter
	changes       []change
	unchanged     int
}

// change is a number that has changed, or a series that is new or gone.
type change struct {
	family        *store.Family
	series        *store.Series
	name          string
	before, after float64 // one of them is Missing if the series is new or gone
	relative      float64
	reset         bool
}

func (c *change) answer() api.Change {
	unit := unitOf(c.family.Family)
	if c.name == countName {
		unit = ""
	}
	return api.Change{
		Family: cleanName(c.family.Name), Type: typeName(c.family.Type), Unit: unit, Labels: labelsOf(c.series.Labels),
		Name: cleanValue(c.name), Before: toAPI(c.before), After: toAPI(c.after), Reset: c.reset,
	}
}

// whole reports whether the series is new or gone.
func (c *change) whole() bool { return store.IsMissing(c.before) || store.IsMissing(c.after) }

// compareChanges orders the most interesting changes first.
func compareChanges(a, b change) int {
	return cmp.Or(
		compareBools(a.whole(), b.whole()),
		cmp.Compare(b.relative, a.relative),
		compareBools(a.family.Type == model.Counter, b.family.Type == model.Counter),
		cmp.Compare(a.family.Name, b.family.Name),
		cmp.Compare(a.series.Key, b.series.Key),
	)
}

// compareBools orders true before false.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return +1
}

// added adds the series of a new family.
func (c *comparison) added(f *store.Family) {
	for _, s := range c.filter.matching(f) {
		c.whole(c.after, f, s, true)
	}
}

// gone adds the series of a family that no longer exists.
func (c *comparison) gone(f *store.Family) {
	for _, s := range c.filter.matching(f) {
		c.whole(c.before, f, s, false)
	}
}

// whole adds one change for a series that is new or gone, regardless of how many numbers it has.
func (c *comparison) whole(s *store.Snapshot, f *store.Family, series *store.Series, isNew bool) {
	one := change{family: f, series: series, before: store.Missing, after: store.Missing}
	number := numberAt(s, series, 0)
	switch {
	case series.Shape.Kind == store.StateSet && len(series.Shape.States) > 0:
		on := 0
		for i := range series.Shape.States {
			if numberAt(s, series, i) == 1 {
				on = i
				break
			}
		}
		one.name, number = series.Shape.States[on], numberAt(s, series, on)
	case series.Shape.Kind != store.Number:
		one.name = countName
	}
	if isNew {
		one.after = number
	} else {
		one.before = number
	}
	c.changes = append(c.changes, one)
}

// family compares the series of a family that both snapshots contain.
func (c *comparison) family(old, now *store.Family) {
	switch {
	case old == now:
		for _, s := range c.filter.matching(now) {
			c.series(now, s, s)
		}
		return
	case old.Type != now.Type:
		c.gone(old)
		c.added(now)
		return
	}
	before := byKey(old)
	for _, s := range c.filter.matching(now) {
		if was := before[s.Key]; was != nil {
			c.series(now, was, s)
		} else {
			c.whole(c.after, now, s, true)
		}
	}
	after := byKey(now)
	for _, s := range c.filter.matching(old) {
		if after[s.Key] == nil {
			c.whole(c.before, old, s, false)
		}
	}
}

// Names of the numbers of histograms and summaries.
const (
	countName = "count"
	sumName   = "sum"
)

// series compares the numbers of a series.
func (c *comparison) series(f *store.Family, old, now *store.Series) {
	changes := len(c.changes)
	begun := now.Created.Valid && old.Created.Valid && now.Created.Nanos > old.Created.Nanos
	compare := func(name string, i, j int, counter bool) {
		before, after := numberAt(c.before, old, i), numberAt(c.after, now, j)
		reset := counter && (begun || after < before)
		if before == after && !reset || math.IsNaN(before) && math.IsNaN(after) {
			return
		}
		c.changes = append(c.changes, change{
			family: f, series: now, name: name, before: before, after: after, reset: reset, relative: relative(before, after, reset),
		})
	}
	switch now.Shape.Kind {
	case store.Histogram, store.Summary:
		counter := f.Type != model.GaugeHistogram
		compare(countName, countAt, countAt, counter)
		// A sum may fall without a reset, so the count decides.
		sumReset := len(c.changes) > changes && c.changes[len(c.changes)-1].reset
		compare(sumName, sumAt, sumAt, false)
		if sumReset && c.changes[len(c.changes)-1].name == sumName {
			c.changes[len(c.changes)-1].reset = true
		}
		for j, q := range now.Shape.Quantiles {
			if i := slices.Index(old.Shape.Quantiles, q); i >= 0 {
				compare(formatFloat(q), firstAt+i, firstAt+j, false)
			}
		}
	case store.StateSet:
		for j, state := range now.Shape.States {
			if i := slices.Index(old.Shape.States, state); i >= 0 {
				compare(state, i, j, false)
			}
		}
	default:
		compare("", 0, 0, f.Type == model.Counter)
	}
	if len(c.changes) == changes {
		c.unchanged++
	}
}

// relative returns the relative change of a number. A reset counter has started at zero, so its new
// value is compared with its old one.
func relative(before, after float64, reset bool) float64 {
	delta := math.Abs(after - before)
	if reset {
		delta = math.Abs(after)
	}
	switch {
	case math.IsNaN(delta):
		return math.Inf(1)
	case delta == 0:
		return 0
	}
	return delta / math.Abs(before)
}
