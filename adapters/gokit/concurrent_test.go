package gokit_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gokit"
)

// withoutTimedSum exposes g without the only value that depends on the clock.
func withoutTimedSum(t testing.TB, g metric.Gatherer) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(expose(t, g)) {
		if !strings.HasPrefix(line, `latency_seconds_sum{route="/timed"}`) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestConcurrent shares instruments among goroutines whose first updates race, while series expire and
// others exceed a limit.
func TestConcurrent(t *testing.T) {
	r := metric.NewRegistry()
	v := metric.NewCounterVec(metric.CounterOpts{Name: "c", Help: "h"}, []string{"a"})
	v.SetLimit(2)
	v.SetExpiry(time.Hour)
	r.MustRegister(v)
	c := gokit.NewCounter(v)
	shared := []metrics.Counter{c.With("a", "0"), c.With("a", "1")}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				shared[i%2].Add(1)
				if i%100 == 0 {
					expose(t, r)
				}
			}
			c.With("a", "2").Add(1)
			c.With("a", "3").Add(1)
		})
	}
	all.Wait()
	wantText(t, expose(t, r), `# HELP c h
# TYPE c counter
c{a="0"} 4000
c{a="1"} 4000
c{a="__overflow__"} 16
`)
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		return // The race detector allocates.
	}
	i := registered(t, metric.NewRegistry())
	w := wrapped(t, metric.NewRegistry())
	kept := i.requests.With("method", "GET", "code", "200", "shard", "1")
	gauge, histogram, summary := i.depth.With("queue", "a"), i.latency.With("route", "/"), i.payload.With("route", "/")
	for name, tc := range map[string]struct {
		update func()
		most   float64
	}{
		"counter":   {func() { kept.Add(1) }, 0},
		"gauge":     {func() { gauge.Set(1) }, 0},
		"histogram": {func() { histogram.Observe(1) }, 0},
		"summary":   {func() { summary.Observe(1) }, 0},
		// The two allocations are the caller's slice and the Counter.
		"With":          {func() { i.requests.With("method", "GET", "code", "200", "shard", "1").Add(1) }, 2},
		"With, wrapped": {func() { w.requests.With("method", "GET", "code", "200", "shard", "1").Add(1) }, 2},
	} {
		tc.update()
		if got := testing.AllocsPerRun(200, tc.update); got > tc.most {
			t.Errorf("%s: %v allocations, want %v", name, got, tc.most)
		}
	}
}
