package metric_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestSelfMetricsOfHealthyCollectors checks that the self-metrics of a healthy registry have no family
// without series, and three series for each collector.
func TestSelfMetricsOfHealthyCollectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const collectors, scrapes = 25, 20
		r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
		for i := range collectors {
			name := fmt.Sprintf("collector_%d", i)
			r.MustRegister(plain{name, func(ch chan<- metric.Metric) { ch <- one(name) }})
		}
		h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
		for range scrapes {
			w := request(h)
			lines := 0
			families := make(map[string]bool)
			for line := range strings.Lines(w.Body.String()) {
				switch {
				case strings.HasPrefix(line, "# TYPE app_"):
					families[strings.Fields(line)[2]] = true
				case strings.HasPrefix(line, "app_scrape_"):
					lines++
				}
			}
			want := []string{
				"app_scrape_collector_duration_seconds", "app_scrape_collector_runs_total", "app_scrape_collector_success",
				"app_scrape_duration_seconds", "app_scrape_requests_total", "app_scrape_served_bytes_total", "app_scrape_served_series_total",
			}
			if got := slices.Sorted(maps.Keys(families)); w.Code != http.StatusOK || !slices.Equal(got, want) {
				t.Errorf("got status %d and the families\n%q, want\n%q", w.Code, got, want)
			}
			if want := 3*collectors + 4; lines != want {
				t.Errorf("got %d lines, want %d", lines, want)
			}
			time.Sleep(15 * time.Second)
		}
	})
}

// selfMetricCase is a series that a healthy collector does not have.
type selfMetricCase struct {
	name    string
	opts    []metric.CollectorOption
	trouble func(*troubled) // ends with the scrape in which the series appears
	value   float64         // minimum in that scrape
	after   float64         // minimum an hour later, when the collector is good again
}

func selfMetricCases() []selfMetricCase {
	stale := []metric.CollectorOption{metric.WithStale(2 * time.Hour)}
	breaker := []metric.CollectorOption{metric.WithBreaker(1, time.Minute)}
	fail := func(c *troubled) { c.scrapes(metrictest.Failing(errTest), 1) }
	hang := func(c *troubled) { c.scrapes(metrictest.Slow(time.Hour), 1) }
	stick := func(c *troubled) { c.scrapes(metrictest.Stuck(), 2) }
	repeat := func(c *troubled) { c.scrapes(metrictest.Healthy(), 2) }
	kind := func(k string) string { return `errors_total{collector="c",kind="` + k + `"}` }
	return []selfMetricCase{
		{`timeout{collector="c"}`, nil, hang, 1, 0},
		{`stuck_seconds{collector="c"}`, nil, stick, 9, 0},
		{`dropped_samples_total{collector="c"}`, nil, func(c *troubled) { c.scrapes(metrictest.Duplicating(), 2) }, 1, 1},
		{
			`queue_wait_seconds_total{collector="c"}`,
			[]metric.CollectorOption{metric.WithGroup(metric.NewGroup("g", 1))},
			func(c *troubled) {
				c.collector.Become(metrictest.Slow(500 * time.Millisecond))
				go func() { _, _ = c.registry.GatherWithContext(c.t.Context()) }()
				synctest.Wait()
				c.scrape(c.t.Context())
			}, 0.5, 0.5,
		},
		{`cache_hits_total{collector="c"}`, []metric.CollectorOption{metric.WithCache(time.Minute)}, repeat, 1, 1},
		{`stale_serves_total{collector="c"}`, stale, fail, 1, 1},
		{`result_age_seconds{collector="c"}`, stale, fail, 3600, 0},
		{`breaker_state{collector="c"}`, breaker, fail, 1, 0},
		{`breaker_trips_total{collector="c"}`, breaker, fail, 1, 1},
		{kind("error"), nil, fail, 1, 1},
		{kind("panic"), nil, func(c *troubled) { c.scrapes(metrictest.Panicking("boom"), 1) }, 1, 1},
		{kind("timeout"), nil, hang, 1, 1},
		{kind("canceled"), nil, func(c *troubled) {
			c.collector.Become(metrictest.Slow(time.Hour))
			ctx, cancel := context.WithCancel(c.t.Context())
			time.AfterFunc(time.Second, cancel)
			c.scrape(ctx)
		}, 1, 1},
		{kind("still_running"), nil, stick, 1, 1},
		{kind("breaker_open"), breaker, func(c *troubled) { c.scrapes(metrictest.Failing(errTest), 2) }, 1, 1},
		{kind("rate_limited"), []metric.CollectorOption{metric.WithRateLimit(0.01, 1)}, repeat, 1, 1},
	}
}

// troubled is a registry with a collector c that gets into trouble, and another one that does not.
type troubled struct {
	t         *testing.T
	registry  *metric.ContextRegistry
	collector *metrictest.Collector
	series    map[string]float64 // series of the last scrape
	types     map[string]string  // types and labels by the names of all families so far
	kinds     map[string]bool    // kinds of all failures so far
}

// scrapes runs n scrapes while the collector has behavior b.
func (c *troubled) scrapes(b metrictest.Behaviour, n int) {
	c.collector.Become(b)
	for i := range n {
		if i > 0 {
			time.Sleep(10 * time.Second)
		}
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		c.scrape(ctx)
		cancel()
	}
}

func (c *troubled) scrape(ctx context.Context) {
	families, _ := c.registry.GatherWithContext(ctx)
	for _, f := range families {
		c.types[f.GetName()] = typeAndLabels(f)
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "kind" {
					c.kinds[l.GetValue()] = true
				}
			}
		}
	}
	c.series = seriesOfFamilies(families)
	synctest.Wait()
}

// run gets the collector into trouble and out of it.
func (test *selfMetricCase) run(t *testing.T, types map[string]string, kinds map[string]bool) {
	name := "app_scrape_collector_" + test.name
	synctest.Test(t, func(t *testing.T) {
		c := &troubled{
			t: t, registry: metric.NewContextRegistry(metric.WithSelfMetrics("app")),
			collector: metrictest.New("c", metrictest.Healthy()), types: types, kinds: kinds,
		}
		defer c.collector.Release()
		if err := c.registry.RegisterWith(c.collector, append(test.opts, metric.WithName("c"))...); err != nil {
			t.Fatal(err)
		}
		if err := c.registry.RegisterWith(metrictest.New("healthy", metrictest.Healthy()), metric.WithName("healthy")); err != nil {
			t.Fatal(err)
		}
		is := func(when string, atLeast float64) {
			t.Helper()
			if got, ok := c.series[name]; !ok || got < atLeast || atLeast == 0 && got != 0 {
				t.Errorf("%s, %s is %v (there: %v), want %v", when, name, got, ok, atLeast)
			}
		}
		c.scrapes(metrictest.Healthy(), 1)
		if _, ok := c.series[name]; ok {
			t.Errorf("%s is there before it has something to say", name)
		}
		time.Sleep(time.Hour)
		test.trouble(c)
		is("in trouble", test.value)
		c.collector.Release()
		time.Sleep(time.Hour)
		for range 2 {
			c.scrapes(metrictest.Healthy(), 1)
			is("afterwards", test.after)
			if c.series[self("success", "c")] != 1 {
				t.Error("the collector has not recovered")
			}
			time.Sleep(3 * time.Hour)
		}
		healthy := 0
		for series := range c.series {
			if strings.Contains(series, `collector="healthy"`) {
				healthy++
			}
		}
		if healthy != 3 {
			t.Errorf("the healthy collector has %d series, want 3", healthy)
		}
	})
}

// TestSelfMetricsAppear checks that each series appears in the scrape in which it first has a
// value, in no earlier one, and in all later ones.
func TestSelfMetricsAppear(t *testing.T) {
	for _, test := range selfMetricCases() {
		t.Run(test.name, func(t *testing.T) { test.run(t, make(map[string]string), make(map[string]bool)) })
	}
}

// typeAndLabels returns the type of a family and the names of its labels, as in "counter by collector, kind".
func typeAndLabels(f *dto.MetricFamily) string {
	names := make([]string, 0, 2)
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, l.GetName())
	}
	if len(names) == 0 {
		names = append(names, "none")
	}
	return strings.ToLower(f.GetType().String()) + " by " + strings.Join(names, ", ")
}

// allSelfMetrics returns all self-metrics, with their types and labels, and all kinds of failures.
func allSelfMetrics(t *testing.T) (types map[string]string, kinds map[string]bool) {
	t.Helper()
	types, kinds = make(map[string]string), make(map[string]bool)
	for _, test := range selfMetricCases() {
		test.run(t, types, kinds)
	}
	maps.Copy(types, selfMetricsOfFullVector(t))
	delete(types, "c")
	delete(types, "healthy")
	return types, kinds
}

// selfMetricsOfFullVector returns the self-metrics of a registry with a vector that has reached its
// limit, with their types and labels.
func selfMetricsOfFullVector(t *testing.T) map[string]string {
	t.Helper()
	full := metric.NewCounterVec(metric.CounterOpts{Name: "logins_total", Help: "Logins."}, []string{"user"})
	full.SetLimit(1)
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	r.MustRegister(full)
	for _, user := range []string{"alice", "bob", "carol"} {
		full.WithLabelValues(user).Inc()
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]string)
	for _, f := range families {
		if f.GetName() != "logins_total" {
			types[f.GetName()] = typeAndLabels(f)
		}
	}
	return types
}

// TestSelfMetricsAfterReplacement checks that a collector does not inherit the series of the one
// whose name it takes.
func TestSelfMetricsAfterReplacement(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	errors := `app_scrape_collector_errors_total{collector="c",kind="error"}`
	for _, b := range []metrictest.Behaviour{metrictest.Failing(errTest), metrictest.Healthy()} {
		c := metrictest.New("c", b)
		if err := r.ReplaceNamed("c", c); err != nil {
			t.Fatal(err)
		}
		families, err := r.Gather()
		if _, there := seriesOfFamilies(families)[errors]; there != (err != nil) {
			t.Errorf("%s is there: %v; the error is %v", errors, there, err)
		}
	}
}

// TestSelfMetricsAllocate checks that self-metrics cost a few allocations for each scrape, and none
// for each series.
func TestSelfMetricsAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	perScrape := func(opts ...metric.RegistryOption) float64 {
		r := metric.NewContextRegistry(opts...)
		var healthy atomic.Bool
		for i := range 50 {
			name := fmt.Sprintf("collector_%d", i)
			r.MustRegister(metric.NewCollectorFunc(describing(name), func(_ context.Context, ch chan<- metric.Metric) {
				if !healthy.Load() {
					ch <- metric.NewInvalidMetric(desc(name), errTest)
				}
			}))
		}
		h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
		request(h)
		healthy.Store(true)
		least := math.Inf(+1) // A garbage collection may empty the pools.
		for range 5 {
			least = min(least, testing.AllocsPerRun(20, func() { request(h) }))
		}
		return least
	}
	without, with := perScrape(), perScrape(metric.WithSelfMetrics("app"))
	const most = 100 // There are 200 series, of 50 collectors.
	t.Logf("%v allocations without, %v with", without, with)
	if with-without > most {
		t.Errorf("self-metrics cost %v allocations, want at most %v", with-without, most)
	}
}
