package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// Collector is a collector as the status page shows it.
type Collector struct {
	Name, Kind string
	Policies   []string
	Policy     *engine.Policy // nil without policies
	Series     int            // number of series, of an instrument
	Stats      *engine.Stats  // nil if the engine does not run the collector
	Limit      int            // limit for the series of a vector; 0 if unlimited
	Overflowed uint64         // look-ups that found no room in the vector
}

// statusColumns holds the columns of the page. Columns about runs are empty for a collector that the engine
// does not run.
var statusColumns = []struct {
	head string
	cell func(c *Collector, s *engine.Stats, now time.Time) string
}{
	{"Collector", func(c *Collector, _ *engine.Stats, _ time.Time) string { return c.Name }},
	{"State", func(c *Collector, s *engine.Stats, now time.Time) string { state, _ := c.state(s, now); return state }},
	{"Series", func(c *Collector, s *engine.Stats, _ time.Time) string { return c.series(s) }},
	{"Last run", func(_ *Collector, s *engine.Stats, now time.Time) string { return ago(s.LastStart, now) }},
	{"Took", func(_ *Collector, s *engine.Stats, _ time.Time) string {
		if s.LastStart.IsZero() {
			return ""
		}
		return rounded(s.LastDuration)
	}},
	{"Runs", func(_ *Collector, s *engine.Stats, _ time.Time) string { return positive(s.Runs) }},
	{"Failed scrapes", func(_ *Collector, s *engine.Stats, _ time.Time) string { return positive(failures(s)) }},
	{"Counts", func(_ *Collector, s *engine.Stats, _ time.Time) string { return counts(s) }},
	{"Kept result", func(_ *Collector, s *engine.Stats, now time.Time) string { return ago(s.LastGood, now) }},
	{"Policies", func(c *Collector, _ *engine.Stats, _ time.Time) string { return strings.Join(c.Policies, "; ") }},
	{"Group", func(c *Collector, _ *engine.Stats, _ time.Time) string { return c.group() }},
	{"Kind", func(c *Collector, _ *engine.Stats, _ time.Time) string { return c.Kind }},
	{"Last error", func(_ *Collector, s *engine.Stats, _ time.Time) string { return lastError(s) }},
}

// StatusTable returns the page with a row for each collector.
func StatusTable(all []Collector, now time.Time) *Table {
	table := &Table{Title: "Collectors", Rows: make([]Row, len(all))}
	for _, column := range statusColumns {
		table.Columns = append(table.Columns, column.head)
	}
	for i := range all {
		c, row := &all[i], &table.Rows[i]
		stats := c.Stats
		if stats == nil {
			stats = &engine.Stats{}
		}
		_, row.Problem = c.state(stats, now)
		for _, column := range statusColumns {
			row.Cells = append(row.Cells, column.cell(c, stats, now))
		}
	}
	return table
}

// state describes the state of the collector in a few words, and reports whether it is a problem.
func (c *Collector) state(s *engine.Stats, now time.Time) (state string, problem bool) {
	switch {
	case c.isRegistry():
		return "see its collectors", false
	case !s.StuckSince.IsZero():
		return "stuck for " + rounded(now.Sub(s.StuckSince)), true
	case s.Breaker == engine.BreakerOpen:
		return "rests (breaker open)", true
	case s.Breaker == engine.BreakerHalfOpen:
		return "on trial (breaker half-open)", true
	case s.LastErr != nil:
		return "failed", true
	case s.Running > 0:
		return "running for " + rounded(now.Sub(s.RunningSince)), false
	default:
		return "good", false
	}
}

// isRegistry reports whether the row stands for a registry. The collectors in it have their own rows.
func (c *Collector) isRegistry() bool { return c.Kind == "registry" }

// series returns how many series an instrument has now, or how many the last run of a collector sent.
func (c *Collector) series(s *engine.Stats) string {
	switch {
	case c.isRegistry(), c.Kind == "push":
		return ""
	case c.Stats == nil:
		return strconv.Itoa(c.Series)
	default:
		return strconv.Itoa(s.LastSamples)
	}
}

// group describes how full the group is.
func (c *Collector) group() string {
	if c.Policy == nil || c.Policy.Group == nil {
		return ""
	}
	g := c.Policy.Group.Stats()
	text := fmt.Sprintf("%d of %d run", g.Running, g.Max)
	if g.Overdue > 0 {
		text += fmt.Sprintf(", %d overdue", g.Overdue)
	}
	return text
}

// failures returns the number of scrapes without a good result.
func failures(s *engine.Stats) (n uint64) {
	for _, kind := range engine.FailureKinds() {
		n += s.Failures[kind]
	}
	return n
}

// counts lists the counts of events that are unusual for a healthy collector.
func counts(s *engine.Stats) string {
	var parts []string
	for _, count := range []struct {
		name string
		n    uint64
	}{
		{"panics", s.Failures[engine.KindPanic]},
		{"timeouts", s.Failures[engine.KindTimeout]},
		{"rate-limited", s.Failures[engine.KindRateLimited]},
		{"breaker trips", s.BreakerTrips},
		{"dropped samples", s.Dropped},
		{"cache hits", s.CacheHits},
		{"stale serves", s.StaleServes},
	} {
		if count.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", count.name, count.n))
		}
	}
	return strings.Join(parts, ", ")
}

// lastError describes the failure of the last scrape, and its cause if that is another
// error.
func lastError(s *engine.Stats) string {
	if s.LastErr == nil {
		return ""
	}
	text, cause := statusText(s.LastErr), statusText(s.LastRunErr)
	if cause == "" || cause == text {
		return text
	}
	return text + "; last run: " + cause
}

// statusText returns the text that the page shows for an error. All error texts on the page come from here.
// Errors are user code: their methods may panic.
func statusText(err error) (text string) {
	if err == nil {
		return ""
	}
	if panicked := engine.Try(func() error { text = err.Error(); return nil }); panicked != nil {
		return fmt.Sprintf("a %T, whose Error method panics", err)
	}
	return text
}

// positive formats a number, or returns "" for 0.
func positive(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// ago formats how long ago t was, or returns "" if t is zero.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return rounded(now.Sub(t)) + " ago"
}

// rounded returns a duration with no more digits than a person reads.
func rounded(d time.Duration) string {
	unit := time.Microsecond
	switch {
	case d >= time.Minute:
		unit = time.Second
	case d >= time.Second:
		unit = 100 * time.Millisecond
	case d >= 10*time.Millisecond:
		unit = time.Millisecond
	}
	return max(0, d).Round(unit).String()
}
