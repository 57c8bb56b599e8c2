package metric_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestSelfMetricsOfEveryCollector checks that healthy collectors and collectors that misbehave in any
// way all have self-metrics in each scrape.
func TestSelfMetricsOfEveryCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(24 * time.Hour)
		r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
		type expected struct{ success, timeout, stuck, runs float64 }
		want := make(map[string][]expected)
		register := func(name string, b metrictest.Behaviour, first, second expected, opts ...metric.CollectorOption) {
			c := metrictest.New(name, b)
			t.Cleanup(c.Release)
			if err := r.RegisterWith(c, append(opts, metric.WithName(name))...); err != nil {
				t.Fatal(err)
			}
			want[name] = []expected{first, second}
		}
		ok := func(n float64) expected { return expected{1, 0, 0, n} }
		failed := func(n float64) expected { return expected{0, 0, 0, n} }
		register("good", metrictest.Healthy(), ok(1), ok(2))
		register("failing", metrictest.Failing(errTest), failed(1), failed(2))
		register("panicking", metrictest.Panicking("boom"), failed(1), failed(2))
		register("exiting", metrictest.Exiting(), failed(1), failed(2))
		register("slow", metrictest.Slow(time.Hour), expected{0, 1, 0, 1}, expected{0, 1, 0, 2})
		register("stuck", metrictest.Stuck(), expected{0, 1, 0, 1}, expected{0, 1, 9.9, 1})
		register("limited", metrictest.Healthy(), ok(1), failed(1), metric.WithRateLimit(0.001, 1))
		register("broken", metrictest.Failing(errTest), failed(1), failed(1), metric.WithBreaker(1, time.Hour))
		register("cached", metrictest.Healthy(), ok(1), ok(1), metric.WithCache(time.Hour))
		for i := range 2 {
			families, err := scrapeFor(t, r, time.Second)
			if err == nil {
				t.Error("no failure was reported")
			}
			series := seriesOfFamilies(families)
			for name, all := range want {
				got := expected{
					series[self("success", name)], series[self("timeout", name)], series[self("stuck_seconds", name)], series[self("runs_total", name)],
				}
				if _, there := series[self("duration_seconds", name)]; got != all[i] || !there {
					t.Errorf("scrape %d: %s is %+v, want %+v", i, name, got, all[i])
				}
			}
			synctest.Wait()
			time.Sleep(9 * time.Second)
		}
	})
}

// TestSelfMetricsCount checks the counters among the self-metrics.
func TestSelfMetricsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(24 * time.Hour)
		r := metric.NewContextRegistry(metric.WithSelfMetrics("app"), metric.WithConcurrency(1))
		c := metrictest.New("family", metrictest.Healthy())
		defer c.Release()
		if err := r.RegisterWith(c, metric.WithName("c"), metric.WithCache(time.Second), metric.WithStale(time.Hour),
			metric.WithBreaker(2, time.Minute), metric.WithRateLimit(1, 100)); err != nil {
			t.Fatal(err)
		}
		slow := metrictest.New("slow", metrictest.Slow(300*time.Millisecond))
		if err := r.RegisterWith(slow, metric.WithName("slow"), metric.WithPriority(metric.PriorityCritical)); err != nil {
			t.Fatal(err)
		}
		do := func(b metrictest.Behaviour) {
			c.Become(b)
			_, _ = scrapeFor(t, r, time.Second)
			synctest.Wait()
		}
		do(metrictest.Healthy())
		do(metrictest.Healthy()) // from the cache
		time.Sleep(time.Second)
		do(metrictest.Duplicating()) // one sample is left out
		time.Sleep(time.Second)
		do(metrictest.Failing(errTest))
		do(metrictest.Panicking("boom")) // the breaker opens
		time.Sleep(10 * time.Second)
		families, _ := scrapeFor(t, r, time.Second)
		series := seriesOfFamilies(families)
		for name, want := range map[string]float64{
			self("runs_total", "c"):                                                4,
			self("cache_hits_total", "c"):                                          1,
			self("stale_serves_total", "c"):                                        3,
			self("breaker_trips_total", "c"):                                       1,
			self("breaker_state", "c"):                                             1,
			self("dropped_samples_total", "c"):                                     1,
			self("success", "c"):                                                   0,
			self("duration_seconds", "slow"):                                       0.3,
			self("queue_wait_seconds_total", "c"):                                  0.3 * 4,
			`app_scrape_collector_errors_total{collector="c",kind="error"}`:        1,
			`app_scrape_collector_errors_total{collector="c",kind="panic"}`:        1,
			`app_scrape_collector_errors_total{collector="c",kind="breaker_open"}`: 1,
			"app_scrape_requests_total":                                            5,
			"app_scrape_duration_seconds":                                          0.3,
		} {
			if got, ok := series[name]; !ok || got < want-1e-9 || got > want+1e-9 {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if age := series[self("result_age_seconds", "c")]; age < 10 || age > 15 {
			t.Errorf("the age is %v", age)
		}
		for name := range series {
			if strings.HasSuffix(name, `{collector="slow"}`) && (strings.Contains(name, "cache") || strings.Contains(name, "breaker") || strings.Contains(name, "age")) {
				t.Errorf("%s is there, but the collector has no such policy", name)
			}
		}
	})
}

// TestSelfMetricsOfForeignFormats checks that series served in a format of expfmt are counted.
func TestSelfMetricsOfForeignFormats(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	r.MustRegister(metrictest.New("sent", metrictest.Flooding(10)))
	h := metric.HandlerForContext(r, metric.HandlerOpts{AcceptedFormats: []expfmt.Format{expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtText}})
	foreign := request(h, "Accept", string(expfmt.FmtOpenMetrics_2_0_0)).Body.String()
	if !strings.HasSuffix(foreign, "# EOF\n") {
		t.Fatal(foreign)
	}
	lines := 0
	for line := range strings.Lines(foreign) {
		lines += btoi(!strings.HasPrefix(line, "#"))
	}
	series, err := seriesOfExposition("text/plain", request(h, "Accept", "text/plain").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"app_scrape_served_series_total": lines, "app_scrape_served_bytes_total": len(foreign)} {
		if got := series[name]; got != float64(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestSelfMetricsOfHTTP checks that the self-metrics count the served series.
func TestSelfMetricsOfHTTP(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	r.MustRegister(metrictest.New("streamed", metrictest.Flooding(100)).Stream(), metrictest.New("sent", metrictest.Flooding(10)))
	h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
	served, bytes := 0.0, 0.0
	for range 3 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		series, err := seriesOfExposition("text/plain", w.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := series["app_scrape_served_series_total"]; got != served {
			t.Errorf("%v series are served, want %v", got, served)
		}
		if got := series["app_scrape_served_bytes_total"]; got != bytes {
			t.Errorf("%v bytes are served, want %v", got, bytes)
		}
		served += float64(len(series))
		bytes += float64(w.Body.Len())
	}
}

// TestSelfMetricsOfSelected checks that a scrape has self-metrics only for the selected collectors.
func TestSelfMetricsOfSelected(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	for _, name := range []string{"a", "b"} {
		if err := r.RegisterWith(metrictest.New(name, metrictest.Healthy()), metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	families, err := r.GatherWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{"b"}}))
	if err != nil {
		t.Fatal(err)
	}
	series := seriesOfFamilies(families)
	_, a := series[self("success", "a")]
	if a || series[self("success", "b")] != 1 {
		t.Errorf("got %v", series)
	}
}

// TestSelfMetricsAreClean checks that all self-metrics are in their namespace, and pass the
// checks of package metrictest.
func TestSelfMetricsAreClean(t *testing.T) {
	types, _ := allSelfMetrics(t)
	for name := range types {
		if !strings.HasPrefix(name, "app_scrape_") && name != "app_series_overflowed_total" {
			t.Errorf("the name %s is not of the namespace", name)
		}
	}
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	if err := r.RegisterWith(metrictest.New("good_celsius", metrictest.Healthy()), metric.WithCache(time.Minute), metric.WithStale(2*time.Minute),
		metric.WithBreaker(1, time.Minute), metric.WithRateLimit(1, 1), metric.WithGroup(metric.NewGroup("g", 1)), metric.WithTimeout(time.Minute)); err != nil {
		t.Fatal(err)
	}
	metrictest.TestGatherer(t, cached{r})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint says %v, %v", problems, err)
	}
	if !slices.ContainsFunc(families, func(f *metric.MetricFamily) bool { return f.GetName() == "app_scrape_collector_success" }) {
		t.Error("there are no self-metrics")
	}
}

// cached hides that a registry takes a context. Under a canceled context, the registry would not
// run a collector that has a rate limit.
type cached struct{ metric.Gatherer }

// TestSelfMetricsNamespace checks that a namespace that is not valid is refused.
func TestSelfMetricsNamespace(t *testing.T) {
	for _, namespace := range []string{"", "\xff"} {
		if recovered(func() { metric.WithSelfMetrics(namespace) }) == nil {
			t.Errorf("the namespace %q was taken", namespace)
		}
	}
}

// BenchmarkSelfMetrics compares scrapes of a typical registry over HTTP with and without
// self-metrics: 20 collectors with 50 series each beside 2,000 series of instruments.
func BenchmarkSelfMetrics(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("with=%v", with), func(b *testing.B) {
			var opts []metric.RegistryOption
			if with {
				opts = append(opts, metric.WithSelfMetrics("app"))
			}
			r := metric.NewContextRegistry(opts...)
			requests := metric.NewHistogramVec(metric.HistogramOpts{Name: "request_seconds", Help: "h"}, []string{"code", "path"})
			for i := range 100 {
				requests.WithLabelValues("200", fmt.Sprint("/path/", i)).Observe(0.1)
			}
			total := metric.NewCounterVec(metric.CounterOpts{Name: "events_total", Help: "h"}, []string{"kind", "zone"})
			for i := range 700 {
				total.WithLabelValues(fmt.Sprint("kind ", i), "a").Inc()
			}
			r.MustRegister(requests, total)
			for i := range 20 {
				desc := metric.NewDesc(fmt.Sprintf("collected_%d", i), "h", []string{"l"}, nil)
				r.MustRegister(metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- desc }, func(_ context.Context, ch chan<- metric.Metric) {
					for j := range 50 {
						ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, float64(j), fmt.Sprint("series ", j))
					}
				}))
			}
			h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError})
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody))
			}
		})
	}
}

// TestEnableSelfMetrics enables self-metrics of the default registry after its collectors are
// registered, and checks that Handler serves them.
func TestEnableSelfMetrics(t *testing.T) {
	r := metric.NewContextRegistry()
	withDefault(t, r)
	if err := r.RegisterWith(metrictest.New("before", metrictest.Healthy()), metric.WithName("before")); err != nil {
		t.Fatal(err)
	}
	h := metric.HandlerFor(metric.DefaultGatherers())
	if body := request(h).Body.String(); strings.Contains(body, "app_scrape_") {
		t.Errorf("there are self-metrics:\n%s", body)
	}
	for range 2 {
		metric.EnableSelfMetrics("app")
	}
	register(t, r, "after", metrictest.New("after", metrictest.Failing(errTest)))
	first := request(h)
	w := request(h)
	series, err := seriesOfExposition("text/plain", w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		self("success", "before"): 1, self("success", "after"): 0, self("runs_total", "before"): 3,
		`app_scrape_collector_errors_total{collector="after",kind="error"}`: 2,
		"app_scrape_requests_total":                                         1,
		"app_scrape_served_bytes_total":                                     float64(first.Body.Len()),
	} {
		if got, ok := series[name]; !ok || got != want {
			t.Errorf("%s is %v (there: %v), want %v", name, got, ok, want)
		}
	}
}

// TestEnableSelfMetricsRefuses checks that a second namespace, and a default registry that is not
// ours, are refused.
func TestEnableSelfMetricsRefuses(t *testing.T) {
	withDefault(t, metric.NewContextRegistry(metric.WithSelfMetrics("app")))
	metric.EnableSelfMetrics("app")
	for namespace, want := range map[string]string{
		"other": `self-metrics "other": the default registry has self-metrics with the namespace "app" already`,
		"":      `"" is not a valid namespace`,
	} {
		if got := fmt.Sprint(recovered(func() { metric.EnableSelfMetrics(namespace) })); !strings.Contains(got, want) {
			t.Errorf("got the panic %v, want %q", got, want)
		}
	}
	metric.DefaultGatherer = prometheus.NewRegistry()
	if got := fmt.Sprint(recovered(func() { metric.EnableSelfMetrics("app") })); !strings.Contains(got, "DefaultGatherer is a *prometheus.Registry") {
		t.Errorf("got the panic %v", got)
	}
}

// TestDroppedByWrapping checks that samples that a wrapping around their registry leaves out are
// counted.
func TestDroppedByWrapping(t *testing.T) {
	inner := metric.NewContextRegistry(metric.WithSelfMetrics("inner"))
	clashing := metric.NewDesc("clashing", "h", []string{"a", "b"}, nil)
	if err := inner.RegisterWith(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
		for _, b := range []string{"1", "2", "3"} {
			ch <- metric.MustNewConstMetric(clashing, metric.GaugeValue, 1, "x", b)
		}
	}), metric.WithName("c")); err != nil {
		t.Fatal(err)
	}
	outer := metric.NewContextRegistry()
	metric.WrapRegistererWith(metric.Labels{"a": "1"}, outer).MustRegister(inner)
	for range 2 { // The second scrape reports the samples that the first left out.
		if _, err := outer.Gather(); err == nil {
			t.Fatal("labels that clash are no error")
		}
	}
	families, _ := outer.Gather()
	if got := seriesOfFamilies(families)[`inner_scrape_collector_dropped_samples_total{a="1",collector="c"}`]; got != 6 {
		t.Errorf("after two scrapes, %v samples were left out, want 6", got)
	}
}
