package relabel_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// TestAggregateLikeNaive compares aggregations with naive sums of the families that are gathered without
// them.
func TestAggregateLikeNaive(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // Test data may be predictable.
			combine := []relabel.Combination{relabel.Sum, relabel.Min, relabel.Max, relabel.Avg}[rnd.IntN(4)]
			step := relabel.Aggregate{Families: []string{"x_.*"}, Gauges: combine, Without: []string{"b", "none"}}
			if rnd.IntN(2) == 0 {
				step.Without, step.By = nil, []string{"a"}
			}
			reg := metric.NewContextRegistry()
			addRandom(reg, rnd)
			before, err := reg.Gather()
			must(err)
			after, err := pipeline(t, step).Gatherer(reg).Gather()
			if differ := hasDifferentBuckets(before); differ != (err != nil) {
				t.Errorf("got error %v, want one: %t", err, differ)
			}
			want, got := naiveSums(before, combine), values(after)
			for _, key := range slices.Sorted(maps.Keys(want)) {
				if got[key] != want[key] {
					t.Errorf("%s is\n%s, want\n%s", key, got[key], want[key])
				}
			}
			if len(got) != len(want) {
				t.Errorf("got %d series, want %d", len(got), len(want))
			}
		})
	}
}

// pipeline returns a pipeline with the given steps.
func pipeline(t *testing.T, steps ...relabel.Step) *relabel.Pipeline {
	t.Helper()
	p, err := relabel.New(steps...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addRandom registers random counters, gauges and histograms with the labels a and b.
func addRandom(reg metric.Registerer, rnd *rand.Rand) {
	type series struct {
		a, b    string
		value   float64
		buckets map[float64]uint64
	}
	all := make(map[string]series)
	for range 1 + rnd.IntN(8) {
		s := series{fmt.Sprint(rnd.IntN(2)), fmt.Sprint(rnd.IntN(4)), float64(rnd.IntN(10)), map[float64]uint64{1: 1, 2: 3, 4: 3}}
		if rnd.IntN(4) == 0 {
			s.value = math.NaN()
		}
		if rnd.IntN(4) == 0 {
			s.buckets[3] = 3
			delete(s.buckets, 1)
		}
		all[s.a+s.b] = s
	}
	desc := func(name string) *prometheus.Desc { return prometheus.NewDesc(name, "x", []string{"a", "b"}, nil) }
	reg.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for _, s := range all {
			ch <- prometheus.MustNewConstMetric(desc("x_total"), prometheus.CounterValue, float64(len(s.buckets)), s.a, s.b)
			ch <- prometheus.MustNewConstMetric(desc("x_gauge"), prometheus.GaugeValue, s.value, s.a, s.b)
			ch <- prometheus.MustNewConstHistogram(desc("x_hist"), 5, 7, s.buckets, s.a, s.b)
		}
	}))
}

// values returns the values of all series as text.
func values(families []*dto.MetricFamily) map[string]string {
	all := make(map[string]string)
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			all[seriesKey(mf.GetName(), labelsOf(m))] = valueText(m, 1, nil)
		}
	}
	return all
}

func labelsOf(m *dto.Metric) metric.Labels {
	labels := make(metric.Labels)
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// naiveSums returns the values of all series after the label b is removed.
func naiveSums(families []*dto.MetricFamily, gauges relabel.Combination) map[string]string {
	groups := make(map[string][]*dto.Metric)
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			labels := labelsOf(m)
			delete(labels, "b")
			key := seriesKey(mf.GetName(), labels)
			groups[key] = append(groups[key], m)
		}
	}
	sums := make(map[string]string)
	for key, group := range groups {
		switch {
		case group[0].GetHistogram() != nil:
			sums[key] = naiveHistogram(group)
		case group[0].GetCounter() != nil:
			sum := 0.0
			for _, m := range group {
				sum += m.GetCounter().GetValue()
			}
			sums[key] = fmt.Sprint(sum)
		default:
			sums[key] = naiveGauge(group, gauges)
		}
	}
	return sums
}

func naiveGauge(group []*dto.Metric, combine relabel.Combination) string {
	var all []float64
	sum := 0.0
	for _, m := range group {
		v := m.GetGauge().GetValue()
		sum += v
		if !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	value := sum
	switch {
	case combine == relabel.Avg:
		value = sum / float64(len(group))
	case len(all) == 0:
	case combine == relabel.Min:
		value = slices.Min(all)
	case combine == relabel.Max:
		value = slices.Max(all)
	}
	return valueText(&dto.Metric{Gauge: &dto.Gauge{Value: &value}}, 1, nil)
}

// naiveHistogram returns the sum of histograms as text, with the buckets that all of them have.
func naiveHistogram(group []*dto.Metric) string {
	counts, seen := make(map[float64]uint64), make(map[float64]int)
	for _, m := range group {
		for _, b := range m.GetHistogram().GetBucket() {
			counts[b.GetUpperBound()] += b.GetCumulativeCount()
			seen[b.GetUpperBound()]++
		}
	}
	text := fmt.Sprintf("count %d sum %d", 5*len(group), 7*len(group))
	for _, bound := range slices.Sorted(maps.Keys(counts)) {
		if seen[bound] == len(group) {
			text += fmt.Sprintf(" %g:%d", bound, counts[bound])
		}
	}
	return text
}

// hasDifferentBuckets reports whether some histograms that become one have different buckets.
func hasDifferentBuckets(families []*dto.MetricFamily) bool {
	bounds := make(map[string]string)
	for _, mf := range families {
		for _, m := range mf.GetMetric() {
			if m.GetHistogram() == nil {
				continue
			}
			text := ""
			for _, b := range m.GetHistogram().GetBucket() {
				text += fmt.Sprint(b.GetUpperBound(), " ")
			}
			a := labelsOf(m)["a"]
			if before, ok := bounds[a]; ok && before != text {
				return true
			}
			bounds[a] = text
		}
	}
	return false
}

func TestAggregateTypes(t *testing.T) {
	reg := metric.NewContextRegistry()
	addInstruments(reg, "n_").fill()
	tests := []struct {
		name, families string
		gauges         relabel.Combination
		want           string // text in the error; empty if no error is expected
		series         int    // number of series that remain of the family
	}{
		{"counter", "n_requests_total", "", "", 1},
		{"gauge", "n_size", relabel.Max, "", 1},
		{"gauge without a combination", "n_size", "", `rule 1: family "n_size" is left as it is`, 2},
		{"classic histogram", "n_classic_hist", "", "", 1},
		{"native histogram", "n_native_hist", "", "", 1},
		{"both", "n_both_hist", "", "", 1},
		{"summary", "n_summary", "", `rule 1: family "n_summary" is left as it is: the quantiles of a summary cannot be aggregated`, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := pipeline(t, relabel.Aggregate{Families: []string{tt.families}, By: []string{}, Gauges: tt.gauges}).Gatherer(reg)
			families, err := g.Gather()
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got error %v, want one with %s", err, tt.want)
			}
			for _, mf := range families {
				want := 2
				if mf.GetName() == tt.families {
					want = tt.series
				}
				if n := len(mf.GetMetric()); n != want && mf.GetName() != "n_ratio" {
					t.Errorf("%s has %d series, want %d", mf.GetName(), n, want)
				}
			}
		})
	}
}

func TestAggregateTimes(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	reg := metric.NewContextRegistry()
	desc := prometheus.NewDesc("x_total", "x", []string{"a"}, nil)
	reg.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		for i, created := range []time.Time{late, early} {
			m := prometheus.MustNewConstMetricWithCreatedTimestamp(desc, prometheus.CounterValue, 1, created, fmt.Sprint(i))
			ch <- prometheus.MustNewMetricWithExemplars(m, prometheus.Exemplar{Value: float64(i), Labels: metric.Labels{"id": fmt.Sprint(i)}, Timestamp: created})
		}
	}))
	families, err := pipeline(t, relabel.Aggregate{Families: []string{"x_total"}, Without: []string{"a"}}).Gatherer(reg).GatherWithContext(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c := families[0].GetMetric()[0].GetCounter()
	if got := c.GetCreatedTimestamp(); c.GetValue() != 2 || !got.AsTime().Equal(timestamppb.New(early).AsTime()) {
		t.Errorf("got %v, want a value of 2 created at the earlier time", c)
	}
	if got := c.GetExemplar().GetTimestamp(); !got.AsTime().Equal(late) {
		t.Errorf("got an exemplar of %v, want the newer one", got)
	}
}
