package dashboard

import (
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

const (
	maxRuns   = 60  // runs of a collector in its row
	maxEvents = 500 // events in the history
)

// tracker follows the states of the collectors. A registry knows their current states; the tracker
// remembers the earlier ones. It is safe for concurrent use.
type tracker struct {
	texts errorTexts

	mu       sync.Mutex
	seen     time.Time           // when the known states were read
	known    map[string]*tracked // by ID
	order    []*tracked          // in the registry's order
	happened []api.Event         // oldest first
}

// tracked is a collector with its recent past.
type tracked struct {
	row     api.Collector // without Durations
	runs    []api.Run     // oldest first
	ended   time.Time     // start of the newest run
	result  result        // the result that the row's texts describe
	present bool          // whether the registry has listed the collector this time
}

func newTracker(time.Time) *tracker { return &tracker{known: make(map[string]*tracked)} }

// observe records the states of all collectors at the time now, unless later ones are known: requests
// and samples observe independently of each other. It runs no code of the program while it holds the
// mutex.
func (t *tracker) observe(now time.Time, states []scrape.State) {
	ids := idsOf(states)
	texts := t.describe(ids, states)

	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.seen) {
		return
	}
	t.seen = now
	first := len(t.order) == 0
	for _, c := range t.order {
		c.present = false
	}
	order := make([]*tracked, 0, len(states))
	for i := range states {
		s := &states[i]
		if s.Stats == nil && s.Kind == "registry" {
			continue // Its collectors are listed, too.
		}
		order = append(order, t.update(now, ids[i], s, texts[i], first))
	}
	for _, c := range t.order {
		if !c.present {
			delete(t.known, c.row.ID)
			t.note(api.Event{T: now.UnixMilli(), Collector: c.row.Name, From: c.row.State})
		}
	}
	t.order = order
}

// idsOf returns the IDs of the collectors' rows: their names, numbered where several have the same.
func idsOf(states []scrape.State) []string {
	ids, seen := make([]string, len(states)), make(map[string]int, len(states))
	for i := range states {
		name := states[i].Name
		ids[i] = name
		if states[i].Stats == nil && states[i].Kind == "registry" {
			continue // It has no row.
		}
		if seen[name]++; seen[name] > 1 {
			ids[i] += "#" + strconv.Itoa(seen[name])
		}
	}
	return ids
}

// describe returns the texts of all collectors' results. It makes only those that are new.
func (t *tracker) describe(ids []string, states []scrape.State) []result {
	t.mu.Lock()
	before := make(map[string]result, len(t.order))
	for _, c := range t.order {
		before[c.row.ID] = c.result
	}
	t.mu.Unlock()

	allowance := t.texts.allowance()
	results := make([]result, len(states))
	for i := range states {
		s := &states[i]
		if s.Stats == nil {
			continue
		}
		if old, ok := before[ids[i]]; ok && old.isOf(s.Stats) {
			results[i] = old
		} else {
			results[i] = newResult(&t.texts, allowance, s.Stats)
		}
	}
	return results
}

// update updates the row of a collector. first is true the first time that the tracker observes.
func (t *tracker) update(now time.Time, id string, s *scrape.State, r result, first bool) *tracked {
	c := t.known[id]
	isNew := c == nil
	if isNew {
		c = new(tracked)
		t.known[id] = c
	}
	c.present = true
	before := c.row
	c.row, c.result = newRow(id, s, r), r
	if s.Stats != nil {
		c.record(s.Stats)
	}
	if isBreaker := c.row.State == api.Open || c.row.State == api.HalfOpen; isBreaker && !isNew {
		// The result says since when the collector has been failing.
		if c.row.Since = before.Since; c.row.State != before.State {
			c.row.Since = now.UnixMilli()
		}
	}
	switch {
	case isNew && first:
	case isNew:
		t.note(api.Event{T: now.UnixMilli(), Collector: s.Name, To: c.row.State, Error: c.row.Error})
	case settled(before.State) != settled(c.row.State):
		at := now.UnixMilli()
		if c.row.Since > 0 && settled(before.State) == api.OK {
			at = c.row.Since // It may be earlier than now.
		}
		t.note(api.Event{T: at, Collector: s.Name, From: before.State, To: c.row.State, Error: c.row.Error})
	}
	return c
}

// settled returns the state without the effect of a run in progress.
func settled(s api.State) api.State {
	if s == api.Running || s == api.Waiting {
		return api.OK
	}
	return s
}

// record adds the last run that has ended or was abandoned, if it is new.
func (c *tracked) record(s *engine.Stats) {
	if s.LastEnded.IsZero() || s.LastEnded.Equal(c.ended) {
		return
	}
	c.ended = s.LastEnded
	run := api.Run{T: millis(s.LastEnded), Ms: milliseconds(s.LastDuration), Failed: s.LastRunErr != nil}
	if len(c.runs) == maxRuns {
		c.runs = append(c.runs[:0], c.runs[1:]...)
	}
	c.runs = append(c.runs, run)
}

func (t *tracker) note(e api.Event) {
	if len(t.happened) == maxEvents {
		t.happened = append(t.happened[:0], t.happened[1:]...)
	}
	t.happened = append(t.happened, e)
}

// rows returns all collectors, in the order in which the registry lists them.
func (t *tracker) rows(now time.Time) *api.Collectors {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := &api.Collectors{Now: now.UnixMilli(), All: true, Rows: make([]api.Collector, len(t.order))}
	for i, c := range t.order {
		row := c.row
		row.Durations = slices.Clone(c.runs)
		all.Rows[i] = row
		if row.Group == api.GroupInstrument {
			all.Instruments.Count++
			all.Instruments.Series += row.Series
		}
	}
	return all
}

// events returns the events, newest first.
func (t *tracker) events() []api.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := append(make([]api.Event, 0, len(t.happened)), t.happened...)
	slices.Reverse(all)
	return all
}

// problems returns the number of collectors with a problem.
func (t *tracker) problems() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.order {
		if c.row.Problem {
			n++
		}
	}
	return n
}

// changed returns the rows of after that are missing in before or differ from it. It returns nil if
// there is no difference.
func changed(before, after *api.Collectors) *api.Collectors {
	old := make(map[string]*api.Collector, len(before.Rows))
	for i := range before.Rows {
		old[before.Rows[i].ID] = &before.Rows[i]
	}
	some := &api.Collectors{Now: after.Now, Rows: []api.Collector{}, Instruments: after.Instruments}
	for i := range after.Rows {
		row := &after.Rows[i]
		if was := old[row.ID]; was == nil || !isSame(was, row) {
			some.Rows = append(some.Rows, *row)
		}
		delete(old, row.ID)
	}
	for id := range old {
		some.Removed = append(some.Removed, id)
	}
	slices.Sort(some.Removed)
	if len(some.Rows) == 0 && len(some.Removed) == 0 && before.Instruments == after.Instruments {
		return nil
	}
	return some
}

// isSame reports whether the page shows the same for two rows.
func isSame(a, b *api.Collector) bool {
	if a.Group == api.GroupInstrument && a.Runs == 0 && b.Runs == 0 { // These are many, with little to compare.
		return a.Series == b.Series && a.Overflowed == b.Overflowed && a.Limit == b.Limit && a.State == b.State
	}
	return reflect.DeepEqual(a, b)
}
