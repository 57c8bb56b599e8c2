package metric_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

func registered(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry()
	if err := r.RegisterWith(c, append(opts, metric.WithName("c"))...); err != nil {
		t.Fatal(err)
	}
	return r
}

// scrapeOnce gathers with a timeout. It returns the value of the scripted collector, 0
// if it is missing, and its failure.
func scrapeOnce(t *testing.T, r *metric.ContextRegistry, timeout time.Duration) (float64, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	families, err := r.GatherWithContext(ctx)
	value := 0.0
	for _, f := range families {
		if f.GetName() == "scripted" {
			value = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return value, failuresOf(err, "c")
}

func wantScrape(t *testing.T, r *metric.ContextRegistry, value float64, failure error) {
	t.Helper()
	got, err := scrapeOnce(t, r, time.Second)
	if got != value || !errors.Is(err, failure) || (err == nil) != (failure == nil) {
		t.Errorf("got value %v and error %v, want %v and %v", got, err, value, failure)
	}
}

func gatherOnly(g metric.GathererWithContext) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := g.GatherWithContext(ctx)
		return err
	}
}

// failuresOf returns what err says about a collector.
func failuresOf(err error, collector string) error {
	gathered, ok := errors.AsType[*metric.GatherError](err)
	if !ok {
		return nil
	}
	for _, f := range gathered.Failures {
		if f.Collector == collector {
			return f.Err
		}
	}
	return nil
}

func namesOf(families []*metric.MetricFamily) []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.GetName()
	}
	return names
}

// wantFamilies checks that all of want, and nothing else, was gathered.
func wantFamilies(t *testing.T, got []*metric.MetricFamily, want []string) {
	t.Helper()
	if names := namesOf(got); !slices.Equal(names, want) {
		t.Errorf("gathered %q, want %q", names, want)
	}
}
