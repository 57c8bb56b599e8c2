package metric_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

// registered returns a registry with a collector named "c".
func registered(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry()
	register(t, r, "c", c, opts...)
	return r
}

// scrapeOnce gathers with a timeout. It returns the value of the scripted collector, or 0 if the value is
// missing, and the failure of the collector.
func scrapeOnce(t *testing.T, r *metric.ContextRegistry, timeout time.Duration) (float64, error) {
	t.Helper()
	families, err := scrapeFor(t, r, timeout)
	value := 0.0
	for _, f := range families {
		if f.GetName() == "scripted" {
			value = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return value, failuresOf(err, "c")
}

// wantScrape checks the value and the failure that scrapeOnce returns.
func wantScrape(t *testing.T, r *metric.ContextRegistry, value float64, failure error) {
	t.Helper()
	got, err := scrapeOnce(t, r, time.Second)
	if got != value || !errors.Is(err, failure) || (err == nil) != (failure == nil) {
		t.Errorf("got value %v and error %v, want %v and %v", got, err, value, failure)
	}
}

// failuresOf returns the first failure of a collector in err.
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

// namesOf returns the names of families.
func namesOf(families []*metric.MetricFamily) []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.GetName()
	}
	return names
}

// wantFamilies checks the names of the families that were gathered.
func wantFamilies(t *testing.T, got []*metric.MetricFamily, want []string) {
	t.Helper()
	if names := namesOf(got); !slices.Equal(names, want) {
		t.Errorf("gathered %q, want %q", names, want)
	}
}

// scrapeFor gathers with a timeout.
func scrapeFor(t *testing.T, g metric.GathererWithContext, timeout time.Duration) ([]*metric.MetricFamily, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return g.GatherWithContext(ctx)
}

// self returns the name and labels of a self-metric about a collector, in the namespace app.
func self(name, collector string) string {
	return fmt.Sprintf("app_scrape_collector_%s{collector=%q}", name, collector)
}

// mustGather gathers at least one family, without an error.
func mustGather(t *testing.T, g metric.Gatherer) []*metric.MetricFamily {
	t.Helper()
	families, err := g.Gather()
	if err != nil || len(families) == 0 {
		t.Fatalf("%d families were gathered: %v", len(families), err)
	}
	return families
}

// seriesOf returns the name and labels of each series, as text.
func seriesOf(families []*metric.MetricFamily) []string {
	var all []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			all = append(all, f.GetName()+"{"+strings.Join(labels, ",")+"}")
		}
	}
	return all
}

// gatheredText gathers, and returns all families as a text that is equal for equal families.
func gatheredText(t *testing.T, g metric.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Error(err)
	}
	var b strings.Builder
	for _, f := range families {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %x\n", f.GetName(), text)
	}
	return b.String()
}

// collectorNames returns the names of a registry's collectors, in order.
func collectorNames(r *metric.ContextRegistry) (names []string) {
	for _, c := range r.Status() {
		names = append(names, c.Name)
	}
	return names
}

// register registers a collector under a name.
func register(t *testing.T, r *metric.ContextRegistry, name string, c metric.Collector, opts ...metric.CollectorOption) {
	t.Helper()
	if err := r.RegisterWith(c, append(opts, metric.WithName(name))...); err != nil {
		t.Fatal(err)
	}
}

// withDefault makes r the default registry until the test ends.
func withDefault(t *testing.T, r *metric.ContextRegistry) {
	t.Helper()
	registerer, gatherer := metric.DefaultRegisterer, metric.DefaultGatherer
	t.Cleanup(func() { metric.DefaultRegisterer, metric.DefaultGatherer = registerer, gatherer })
	metric.DefaultRegisterer, metric.DefaultGatherer = r, r
}
