package metric_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// policyRow is a row of the table in docs/policies.md: what a scrape of one second gets from a
// collector in some state.
type policyRow struct {
	options string // as in the table, separated by spaces
	state   string // as in the table
	before  func(*policyCase)
	samples string // "new", "earlier", "partial" or "none"
	err     error
	timeout bool // whether the self-metric reports a timeout
}

// policyCase is a collector under the policies of a row. By default, its runs succeed at once, with
// their number as the value.
type policyCase struct {
	t         *testing.T
	collector *metrictest.Collector
	registry  *metric.ContextRegistry
	group     *metric.Group
}

// The policies of the table.
const (
	rowTimeout  = 500 * time.Millisecond
	rowCache    = 10 * time.Second
	rowStale    = time.Minute
	rowFailures = 2
	rowCooldown = 20 * time.Second

	rowBackground = 10 * time.Second
)

func (c *policyCase) options(names string) (opts []metric.CollectorOption) {
	for name := range strings.FieldsSeq(names) {
		opts = append(opts, map[string]metric.CollectorOption{
			"stale":   metric.WithStale(rowStale),
			"cache":   metric.WithCache(rowCache),
			"breaker": metric.WithBreaker(rowFailures, rowCooldown),
			"rate":    metric.WithRateLimit(0.01, 3),
			"group":   metric.WithGroup(c.group),
			"timeout": metric.WithTimeout(rowTimeout),
			"low":     metric.WithPriority(metric.PriorityLow),

			"background": metric.WithBackground(rowBackground),
		}[name])
	}
	return opts
}

func (c *policyCase) scrape() ([]*metric.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
	defer cancel()
	families, err := c.registry.GatherWithContext(ctx)
	return families, failuresOf(err, "c")
}

// times scrapes n times while the collector has behavior b.
func (c *policyCase) times(n int, b metrictest.Behaviour) {
	c.collector.Become(b)
	for range n {
		_, _ = c.scrape()
		synctest.Wait() // Wait until canceled runs have returned.
	}
	c.collector.Become(metrictest.Healthy())
}

// hold runs another collector, of the same group or in the only place, for the given time.
func (c *policyCase) hold(d time.Duration, r *metric.ContextRegistry, opts ...metric.CollectorOption) {
	holder := metrictest.New("holder", metrictest.IgnoringContext(metrictest.Slow(d)))
	if err := r.RegisterWith(holder, append(opts, metric.WithName("holder"))...); err != nil {
		c.t.Error(err)
	}
	// A scrape of everything would also wait for the other collector, and run it when the place is lent.
	alone := metric.Select(context.Background(), metric.Selection{Collectors: []string{"holder"}})
	go func() { _, _ = r.GatherWithContext(alone) }()
	synctest.Wait()
}

func policyRows() []policyRow {
	fails := metrictest.Failing(errTest)
	hangs := metrictest.Slow(time.Hour)
	good := func(c *policyCase) { c.times(1, metrictest.Healthy()) }
	become := func(b metrictest.Behaviour) func(*policyCase) {
		return func(c *policyCase) { c.collector.Become(b) }
	}
	then := func(steps ...func(*policyCase)) func(*policyCase) {
		return func(c *policyCase) {
			for _, step := range steps {
				step(c)
			}
		}
	}
	after := func(d time.Duration) func(*policyCase) { return func(*policyCase) { time.Sleep(d) } }
	twice := func(b metrictest.Behaviour) func(*policyCase) { return func(c *policyCase) { c.times(2, b) } }
	thrice := func(step func(*policyCase)) func(*policyCase) {
		return func(c *policyCase) {
			for range 3 {
				step(c)
			}
		}
	}
	spent := func(c *policyCase) { c.times(3, metrictest.Healthy()) }
	busy := func(c *policyCase) { c.hold(time.Hour, metric.NewContextRegistry(), metric.WithGroup(c.group)) }
	// beside starts another scrape that takes a while.
	beside := func(c *policyCase) {
		c.collector.Become(metrictest.Slow(300 * time.Millisecond))
		go func() { _, _ = c.scrape() }()
		time.Sleep(time.Millisecond)
		c.collector.Become(metrictest.Healthy())
	}
	// periods lets n periods pass while background runs have behavior b.
	periods := func(n int, b metrictest.Behaviour) func(*policyCase) {
		return func(c *policyCase) {
			c.collector.Become(b)
			time.Sleep(time.Duration(n) * rowBackground)
		}
	}
	// begins starts anew with a first background run that has behavior b.
	begins := func(b metrictest.Behaviour) func(*policyCase) {
		return func(c *policyCase) {
			c.collector.Become(b)
			if err := c.registry.ReplaceNamed("c", c.collector, c.options("background")...); err != nil {
				c.t.Error(err)
			}
			synctest.Wait()
		}
	}
	stuckMember := func(c *policyCase) {
		c.hold(time.Hour, metric.NewContextRegistry(), metric.WithGroup(c.group), metric.WithTimeout(rowTimeout))
		time.Sleep(rowCooldown)
	}
	const allBackground = "stale background breaker rate group timeout"
	const all = "stale cache breaker rate group timeout"
	const dead, running, open, limited = "the deadline of the scrape passes", "an earlier run has not returned", "the breaker is open", "the rate limit is used up"
	return []policyRow{
		{"", "the run is good", nil, "new", nil, false},
		{"", "the run fails", become(fails), "partial", errTest, false},
		{"", dead, become(hangs), "partial", context.DeadlineExceeded, true},
		{"", running, func(c *policyCase) { c.times(1, metrictest.Stuck()) }, "none", metric.ErrStillRunning, true},

		{"timeout", "its own limit passes", become(hangs), "partial", context.DeadlineExceeded, true},
		{"timeout breaker", "runs exceeded its own limit as often as the breaker allows", twice(hangs), "none", metric.ErrBreakerOpen, false},
		{"timeout group", "it has waited for the group; waiting does not count toward its own limit", func(c *policyCase) {
			c.hold(600*time.Millisecond, metric.NewContextRegistry(), metric.WithGroup(c.group))
			c.collector.Become(metrictest.Slow(200 * time.Millisecond))
		}, "new", nil, false},

		{"cache", "the last good result is younger than the TTL", then(good, become(fails)), "earlier", nil, false},
		{"cache", "the last good result is older, the run is good", then(good, after(rowCache)), "new", nil, false},
		{"cache", "the last good result is older, the run fails", then(good, after(rowCache), become(fails)), "partial", errTest, false},
		{"cache", "a run for another scrape is under way and is shared", beside, "new", nil, false},

		{"stale", "the run is good", good, "new", nil, false},
		{"stale", "the run fails", then(good, become(fails)), "earlier", errTest, false},
		{"stale", dead, then(good, become(hangs)), "earlier", context.DeadlineExceeded, true},
		{"stale", running, then(good, func(c *policyCase) { c.times(1, metrictest.Stuck()) }), "earlier", metric.ErrStillRunning, true},
		{"stale", "the run fails, the last good result is older than `maxAge`", then(good, after(rowStale+1), become(fails)), "partial", errTest, false},
		{"stale cache", "the last good result is younger than the TTL", then(good, become(fails)), "earlier", nil, false},
		{"stale cache", "the last good result is older than the TTL, the run fails", then(good, after(rowCache), become(fails)), "earlier", errTest, false},

		{"breaker", open, twice(fails), "none", metric.ErrBreakerOpen, false},
		{"breaker", "it is half-open, the probe is good", then(twice(fails), after(rowCooldown)), "new", nil, false},
		{"breaker", "it is half-open, the probe fails", then(twice(fails), after(rowCooldown), become(fails)), "partial", errTest, false},
		{"breaker", "it is half-open, the probe is under way for another scrape", then(twice(fails), after(rowCooldown), beside), "none", metric.ErrBreakerOpen, false},
		{"stale breaker", open, then(good, twice(fails)), "earlier", metric.ErrBreakerOpen, false},
		{"cache breaker", "it is half-open, the probe for another scrape is shared", then(twice(fails), after(rowCooldown), beside), "new", nil, false},

		{"rate", limited, spent, "none", metric.ErrRateLimited, false},
		{"stale rate", limited, spent, "earlier", metric.ErrRateLimited, false},
		{"cache rate", "the last good result is younger than the TTL; serving it takes no token", func(c *policyCase) { c.times(9, metrictest.Healthy()) }, "earlier", nil, false},
		{"cache rate", "the last good result is older than the TTL, the rate limit is used up", func(c *policyCase) {
			for range 3 {
				c.times(1, metrictest.Healthy())
				time.Sleep(rowCache)
			}
		}, "none", metric.ErrRateLimited, false},
		{"breaker rate", "the breaker is half-open; scrapes took no token while it was open", func(c *policyCase) {
			c.times(9, fails)
			time.Sleep(rowCooldown)
		}, "new", nil, false},
		{"breaker rate", "the breaker is half-open, the rate limit is used up", then(twice(fails), func(c *policyCase) {
			time.Sleep(rowCooldown)
			c.times(1, fails)
			time.Sleep(rowCooldown)
		}), "none", metric.ErrRateLimited, false},

		{"group", "the group is full until the deadline", busy, "none", context.DeadlineExceeded, true},
		{"group", "runs that are stuck have all places of the group", stuckMember, "none", metric.ErrStillRunning, true},
		{"stale group", "the group is full until the deadline", then(good, busy), "earlier", context.DeadlineExceeded, true},
		{"cache group", "the group is full, the last good result is younger than the TTL", then(good, busy), "earlier", nil, false},
		{"rate group", "the group has a place again; scrapes took no token while it was full", func(c *policyCase) {
			c.hold(9500*time.Millisecond, metric.NewContextRegistry(), metric.WithGroup(c.group))
			c.times(9, metrictest.Healthy())
		}, "new", nil, false},
		{"breaker group", "the group has a place again; scrapes while it was full were no failures", func(c *policyCase) {
			c.hold(9500*time.Millisecond, metric.NewContextRegistry(), metric.WithGroup(c.group))
			c.times(9, metrictest.Healthy())
		}, "new", nil, false},
		{"low", "others have all places until the deadline", func(c *policyCase) { c.hold(time.Hour, c.registry, metric.WithPriority(metric.PriorityCritical)) }, "none", context.DeadlineExceeded, true},
		{"low stale", "others have all places until the deadline", then(good, func(c *policyCase) {
			c.hold(time.Hour, c.registry, metric.WithPriority(metric.PriorityCritical))
		}), "earlier", context.DeadlineExceeded, true},

		{all, "the last good result is younger than the TTL", good, "earlier", nil, false},
		{all, "the last good result is older than the TTL, the run is good", then(good, after(rowCache)), "new", nil, false},
		{all, "the last good result is older than the TTL, the run fails", then(good, after(rowCache), become(fails)), "earlier", errTest, false},
		{all, "the last good result is older than the TTL, its own limit passes", then(good, after(rowCache), become(hangs)), "earlier", context.DeadlineExceeded, true},
		{all, open, then(good, after(rowCache), twice(fails)), "earlier", metric.ErrBreakerOpen, false},
		{all, limited, thrice(then(good, after(rowCache))), "earlier", metric.ErrRateLimited, false},
		{all, "the group is full until the deadline", then(good, after(rowCache), busy), "earlier", context.DeadlineExceeded, true},
		{all, "the breaker is open, the last good result is older than `maxAge`", then(good, after(rowStale), twice(fails), after(1)), "none", metric.ErrBreakerOpen, false},

		{"background", "the last run was good", periods(3, metrictest.Healthy()), "earlier", nil, false},
		{"background", "the first run is under way and is shared", begins(metrictest.Slow(300 * time.Millisecond)), "new", nil, false},
		{"background", "the first run does not end before the deadline of the scrape", begins(hangs), "none", context.DeadlineExceeded, true},
		{"background", "the last run was good, the next one is under way", periods(1, hangs), "earlier", nil, false},
		{"background", "the last run has failed", periods(1, fails), "earlier", errTest, false},
		{"background", "no run was good yet, the last one has failed", begins(fails), "partial", errTest, false},
		{"background", "the limit of the last run, a minute, has passed", periods(7, hangs), "earlier", context.DeadlineExceeded, true},
		{"background", "a run has passed its limit and has not returned", periods(9, metrictest.Stuck()), "earlier", metric.ErrStillRunning, true},
		{"background timeout", "its own limit has passed", periods(2, hangs), "earlier", context.DeadlineExceeded, true},
		{"stale background", "the last run has failed", periods(1, fails), "earlier", errTest, false},
		{"stale background", "the last run has failed, the last good result is older than `maxAge`", periods(7, fails), "partial", errTest, false},
		{"background breaker", open, periods(3, fails), "earlier", metric.ErrBreakerOpen, false},
		{"background breaker", "it was half-open, the probe was good", then(periods(3, fails), periods(2, metrictest.Healthy())), "earlier", nil, false},
		{"background rate", limited, periods(3, metrictest.Healthy()), "earlier", metric.ErrRateLimited, false},
		{"background group", "the group was full until the end of the limit", then(busy, periods(8, metrictest.Healthy())), "earlier", context.DeadlineExceeded, true},
		{"background group", "runs that are stuck have all places of the group", stuckMember, "earlier", metric.ErrStillRunning, true},
		{"low background", "others had all places until the end of the limit", func(c *policyCase) {
			c.hold(time.Hour, c.registry, metric.WithPriority(metric.PriorityCritical))
			time.Sleep(7 * rowBackground)
		}, "earlier", context.DeadlineExceeded, true},
		{allBackground, "the last run was good", nil, "earlier", nil, false},
		{allBackground, "the last run has failed", periods(1, fails), "earlier", errTest, false},
		{allBackground, "its own limit has passed", periods(2, hangs), "earlier", context.DeadlineExceeded, true},
		{allBackground, open, periods(3, fails), "earlier", metric.ErrBreakerOpen, false},
		{allBackground, limited, periods(3, metrictest.Healthy()), "earlier", metric.ErrRateLimited, false},
		{allBackground, "the last good result is older than `maxAge`", then(busy, periods(8, metrictest.Healthy())), "none", context.DeadlineExceeded, true},
	}
}

// text is the row as the page has it.
func (row policyRow) text() string {
	samples := map[string]string{"new": "from the run", "earlier": "from the last good run", "partial": "what the run has sent", "none": "none"}[row.samples]
	reason := map[error]string{
		nil: "none", errTest: "the run's error", context.DeadlineExceeded: "`context.DeadlineExceeded`",
		metric.ErrStillRunning: "`ErrStillRunning`", metric.ErrBreakerOpen: "`ErrBreakerOpen`", metric.ErrRateLimited: "`ErrRateLimited`",
	}[row.err]
	names := "none"
	if row.options != "" {
		names = strings.ReplaceAll(row.options, " ", ", ")
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d | %d |", names, row.state, samples, reason, btoi(row.err == nil), btoi(row.timeout))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestPolicyTable checks each row of the table in docs/policies.md, and that the page has it.
func TestPolicyTable(t *testing.T) {
	page, err := os.ReadFile("docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, row := range policyRows() {
		fmt.Fprintln(&rows, row.text())
		t.Run(row.options+": "+row.state, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { row.check(t) })
		})
	}
	if !strings.Contains(string(page), rows.String()) {
		t.Errorf("docs/policies.md does not have the table:\n%s", rows.String())
	}
}

func (row policyRow) check(t *testing.T) {
	c := &policyCase{
		t: t, group: metric.NewGroup("g", 1), collector: metrictest.New("scripted", metrictest.Healthy()),
		registry: metric.NewContextRegistry(metric.WithSelfMetrics("app"), metric.WithConcurrency(1)),
	}
	defer time.Sleep(2 * time.Hour) // All holders have returned by then.
	defer c.registry.Close()        // The collector is stuck in some rows.
	defer c.collector.Release()
	if err := c.registry.RegisterWith(c.collector, append(c.options(row.options), metric.WithName("c"))...); err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // The first background run, if any, was good.
	if row.before != nil {
		row.before(c)
	}
	runs := c.collector.Started()
	families, err := c.scrape()
	series := seriesOfFamilies(families)
	value, ok := series[`scripted{series="healthy"}`]
	samples := "none"
	switch {
	case ok && c.collector.Started() > 0 && value == float64(c.collector.Started()) && (c.collector.Started() > runs || strings.Contains(row.state, "shared")):
		samples = "new"
	case ok:
		samples = "earlier"
	}
	want := row.samples
	if want == "partial" {
		want = "none" // These runs send nothing before they fail.
	}
	if samples != want || !errors.Is(err, row.err) || (err == nil) != (row.err == nil) {
		t.Errorf("the samples are %s, with error %v; want %s and %v", samples, err, want, row.err)
	}
	for name, want := range map[string]float64{"success": float64(btoi(row.err == nil)), "timeout": float64(btoi(row.timeout))} {
		if got, ok := series["app_scrape_collector_"+name+`{collector="c"}`]; got != want || !ok && name == "success" {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if age := series[`app_scrape_collector_result_age_seconds{collector="c"}`]; samples == "new" && age != 0 {
		t.Errorf("the age of a new result is %v", age)
	}
	if samples != "earlier" {
		return
	}
	source := "cache_hits_total"
	switch {
	case row.err != nil:
		source = "stale_serves_total"
	case strings.Contains(row.options, "background"):
		source = "result_age_seconds"
		time.Sleep(time.Nanosecond)
		families, _ := c.scrape()
		series = seriesOfFamilies(families)
	}
	if series["app_scrape_collector_"+source+`{collector="c"}`] == 0 {
		t.Errorf("%s does not count it", source)
	}
}
