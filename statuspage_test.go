package metric_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestStatusPage checks the line of a collector in each state, as text and as HTML.
func TestStatusPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		collectors := map[string]struct {
			do   func(context.Context, *metric.Sink) error
			opts []metric.CollectorOption
			want []string // parts of the line
		}{
			"good":   {func(context.Context, *metric.Sink) error { return nil }, nil, []string{"good", "10s ago", "stream collector"}},
			"failed": {func(context.Context, *metric.Sink) error { return errors.New("no\n luck <b>") }, nil, []string{"failed", "no luck <b>"}},
			"broken": {
				func(context.Context, *metric.Sink) error { return errTest },
				[]metric.CollectorOption{metric.WithBreaker(1, time.Minute), metric.WithCache(time.Second)},
				[]string{"rests (breaker open)", "breaker trips 1", "breaker 1, 1m0s; cache 1s", "(circuit breaker open); last run: no luck"},
			},
			"panics": {func(context.Context, *metric.Sink) error { panic("on purpose") }, nil, []string{"failed", "panics 1", "panic: on purpose"}},
			"stuck":  {func(context.Context, *metric.Sink) error { time.Sleep(time.Hour); return nil }, nil, []string{"stuck for 9s", "timeouts 1"}},
		}
		for name, c := range collectors {
			collector := streamOf(name, c.do)
			if err := r.RegisterWith(collector, append(c.opts, metric.WithName(name))...); err != nil {
				t.Fatal(err)
			}
		}
		r.MustRegister(counterNamed("requests_total"))
		_, _ = scrapeOnce(t, r, time.Second)
		_, _ = r.GatherWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{"broken"}}))
		time.Sleep(9 * time.Second)
		page := statusPage(t, r, "*/*")
		lineOf(t, page, "requests_total")
		for name, c := range collectors {
			line := strings.Join(lineOf(t, page, name), "  ")
			for _, part := range c.want {
				if !strings.Contains(line, part) {
					t.Errorf("the line of %s lacks %q: %s", name, part, line)
				}
			}
		}

		page = statusPage(t, r, "text/html,application/xhtml+xml")
		for _, part := range []string{"4 of 6 have a problem", "<td>no luck &lt;b&gt;</td>", `<tr class="problem"><td>stuck</td>`} {
			if !strings.Contains(page, part) {
				t.Errorf("the page lacks %q:\n%s", part, page)
			}
		}
		if strings.Contains(page, "<b>") {
			t.Error("an error is not escaped")
		}
		time.Sleep(2 * time.Hour) // The stuck collector returns.
		if line := lineOf(t, statusPage(t, r, "*/*"), "stuck"); strings.Contains(strings.Join(line, " "), "stuck for") {
			t.Errorf("it is still stuck: %q", line)
		}
	})
}

// TestStatusPageOfHungRegistry checks that the page can be served in the middle of a scrape that hangs.
func TestStatusPageOfHungRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		c := streamOf("slow", func(context.Context, *metric.Sink) error { time.Sleep(time.Minute); return nil })
		if err := r.RegisterWith(c, metric.WithName("slow")); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); _, _ = r.Gather() }()
		time.Sleep(2 * time.Second)
		if line := strings.Join(lineOf(t, statusPage(t, r, "*/*"), "slow"), " "); !strings.Contains(line, "running for 2s") {
			t.Errorf("got %s", line)
		}
		<-done
	})
}

// TestStatusCounts checks counts that the engine cannot make itself: series that a stream collector
// writes straight into the response, and samples that are dropped there or when results are merged.
func TestStatusCounts(t *testing.T) {
	r := metric.NewContextRegistry()
	labeled := metric.NewDesc("streamed", "Of a test.", []string{"l"}, nil)
	for name, c := range map[string]metric.Collector{
		"stream": streamWith(func(_ context.Context, s *metric.Sink) error {
			for _, value := range []string{"a", "b", "\xff"} {
				_ = s.Gauge(labeled, 1, value)
			}
			return nil
		}, labeled),
		"twice": plain{"twice", func(ch chan<- metric.Metric) {
			ch <- one("twice")
			ch <- one("twice")
		}},
	} {
		if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	for scrapes := range uint64(3) {
		request(metric.HandlerFor(r))
		for _, s := range r.Status() {
			if s.Series != 2 || s.Dropped != scrapes+1 {
				t.Errorf("after %d scrapes %s has %d series and %d samples dropped", scrapes+1, s.Name, s.Series, s.Dropped)
			}
		}
	}
}
