package metric

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// StatusHandler returns a handler that serves the state of all collectors that g gathers
// from as a table: to browsers as HTML, to others as plain text. See
// [ContextRegistry.Status]. It runs no collector and waits for no scrape, so that it answers
// when everything hangs.
//
// g is a registry, several of them ([Gatherers], [NewMultiGatherer]), DefaultGatherer for
// the default registry, or DefaultGatherers() for that and client_golang's. It panics if g is
// nil, or a gatherer that is no registry of this package: nobody here runs its collectors.
//
// The table has the texts of errors, in which there may be what not everybody should
// read, such as the names of hosts and users. Passwords, tokens and keys in them are replaced
// by xxxxx where their form gives them away; see HandlerOpts.ErrorText. Status has the whole
// texts. The page is meant for a port of the operators.
func StatusHandler(g Gatherer) http.Handler {
	r, err := statusSource(g)
	if err != nil {
		panic(fmt.Errorf("StatusHandler: %w", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		now := time.Now()
		table := statusTable(statusOf(r), now)
		table.Serve(w, req, now)
	})
}

// statusSource returns a registry whose Status is that of g.
func statusSource(g Gatherer) (*scrape.Registry, error) {
	if err := checkGatherer(g); err != nil {
		return nil, fmt.Errorf("the gatherer has no status: %w", err)
	}
	if r := registryBehind(g); r != nil {
		return r, nil
	}
	if members, ok := asGatherers(g); ok {
		return members.registry(nil), nil
	}
	return nil, fmt.Errorf("a %T has no status, since it is no registry of this package: pass one, or DefaultGatherer, DefaultGatherers(), Gatherers or a MultiGatherer", g)
}

// statusColumns are the columns of the table.
var statusColumns = []struct {
	head string
	cell func(c *CollectorStatus, now time.Time) string
}{
	{"Collector", func(c *CollectorStatus, _ time.Time) string { return c.Name }},
	{"State", func(c *CollectorStatus, now time.Time) string { state, _ := c.state(now); return state }},
	{"Series", func(c *CollectorStatus, _ time.Time) string {
		if c.isRegistry() {
			return ""
		}
		return strconv.Itoa(c.Series)
	}},
	{"Last run", func(c *CollectorStatus, now time.Time) string { return ago(c.LastStart, now) }},
	{"Took", func(c *CollectorStatus, _ time.Time) string {
		if c.LastStart.IsZero() {
			return ""
		}
		return rounded(c.LastDuration)
	}},
	{"Runs", func(c *CollectorStatus, _ time.Time) string { return positive(c.Runs) }},
	{"Failed scrapes", func(c *CollectorStatus, _ time.Time) string { return positive(c.Failures) }},
	{"Counts", func(c *CollectorStatus, _ time.Time) string { return c.counts() }},
	{"Kept result", func(c *CollectorStatus, now time.Time) string { return ago(c.LastGood, now) }},
	{"Policies", func(c *CollectorStatus, _ time.Time) string { return strings.Join(c.Policies, "; ") }},
	{"Group", func(c *CollectorStatus, _ time.Time) string { return c.group() }},
	{"Kind", func(c *CollectorStatus, _ time.Time) string { return c.Kind }},
	{"Last error", func(c *CollectorStatus, _ time.Time) string { return c.lastError() }},
}

// statusTable returns the page with a row for each collector.
func statusTable(all []CollectorStatus, now time.Time) *web.Table {
	table := &web.Table{Title: "Collectors", Rows: make([]web.Row, len(all))}
	for _, column := range statusColumns {
		table.Columns = append(table.Columns, column.head)
	}
	for i := range all {
		row := &table.Rows[i]
		_, row.Problem = all[i].state(now)
		for _, column := range statusColumns {
			row.Cells = append(row.Cells, column.cell(&all[i], now))
		}
	}
	return table
}

// state says in a few words how the collector does, and whether somebody should care.
func (c *CollectorStatus) state(now time.Time) (state string, problem bool) {
	switch {
	case c.isRegistry():
		return "see its collectors", false
	case !c.StuckSince.IsZero():
		return "stuck for " + rounded(now.Sub(c.StuckSince)), true
	case c.Breaker == BreakerOpen:
		return "rests (breaker open)", true
	case c.Breaker == BreakerHalfOpen:
		return "on trial (breaker half-open)", true
	case c.LastError != nil:
		return "failed", true
	case c.Running > 0:
		return "running for " + rounded(now.Sub(c.RunningSince)), false
	default:
		return "good", false
	}
}

// isRegistry reports whether the row stands for a registry, whose collectors have their own.
func (c *CollectorStatus) isRegistry() bool { return c.Kind == "registry" }

// group describes how full the group is.
func (c *CollectorStatus) group() string {
	g := c.Group
	if g == nil {
		return ""
	}
	text := fmt.Sprintf("%d of %d run", g.Running, g.Max)
	if g.Overdue > 0 {
		text += fmt.Sprintf(", %d overdue", g.Overdue)
	}
	return text
}

// counts lists the counts of what does not happen to a healthy collector every day.
func (c *CollectorStatus) counts() string {
	var parts []string
	for _, count := range []struct {
		name string
		n    uint64
	}{
		{"panics", c.Panics},
		{"timeouts", c.Timeouts},
		{"rate-limited", c.RateLimited},
		{"breaker trips", c.BreakerTrips},
		{"dropped samples", c.Dropped},
		{"cache hits", c.CacheHits},
		{"stale serves", c.StaleServes},
	} {
		if count.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", count.name, count.n))
		}
	}
	return strings.Join(parts, ", ")
}

// lastError describes the failure of the last scrape, and its cause if that is another
// error.
func (c *CollectorStatus) lastError() string {
	if c.LastError == nil {
		return ""
	}
	text, cause := statusText(c.LastError), statusText(c.LastRunError)
	if cause == "" || cause == text {
		return text
	}
	return text + "; last run: " + cause
}

// statusText returns what the page says about an error. All texts of errors on the page
// come from here. Errors are somebody else's: their methods may panic.
func statusText(err error) (text string) {
	if err == nil {
		return ""
	}
	if panicked := engine.Try(func() error { text = err.Error(); return nil }); panicked != nil {
		return fmt.Sprintf("a %T, whose Error method panics", err)
	}
	return text
}

// positive returns a number, and nothing if it is 0.
func positive(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// ago tells how long ago t was, and nothing if it is zero.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return rounded(now.Sub(t)) + " ago"
}

// rounded returns a duration with as many digits as somebody reads.
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
