package metric_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// inDetail matches the details of a metric. client_golang prints them as protobuf text, whose spaces differ
// from one build to the next.
var inDetail = regexp.MustCompile(`\{ ?.*\}|(label|gauge|counter|summary|histogram|untyped|timestamp_ms):.*?( has | should | with | are )`)

// withoutDetails returns the text of err without the details of metrics.
func withoutDetails(err error) string {
	if err == nil {
		return ""
	}
	text := inDetail.ReplaceAllStringFunc(err.Error(), func(detail string) string {
		if detail[0] == '{' {
			return "{}"
		}
		return "{}" + detail[strings.LastIndexByte(strings.TrimSpace(detail), ' '):]
	})
	return strings.ReplaceAll(text, " {}", "{}")
}

// badMetrics returns metrics that a collector may send and a registry must refuse.
func badMetrics() map[string][]metric.Metric {
	desc := func(name, help string, labels ...string) *metric.Desc { return metric.NewDesc(name, help, labels, nil) }
	gauge := func(d *metric.Desc, values ...string) metric.Metric {
		return metric.MustNewConstMetric(d, metric.GaugeValue, 1, values...)
	}
	counter := func(d *metric.Desc, values ...string) metric.Metric {
		return metric.MustNewConstMetric(d, metric.CounterValue, 1, values...)
	}
	summary := func(d *metric.Desc, values ...string) metric.Metric {
		return metric.MustNewConstSummary(d, 1, 1, map[float64]float64{0.5: 1}, values...)
	}
	histogram := func(d *metric.Desc, values ...string) metric.Metric {
		return metric.MustNewConstHistogram(d, 1, 1, map[float64]uint64{1: 1}, values...)
	}
	untyped := func(d *metric.Desc, values ...string) metric.Metric {
		return metric.MustNewConstMetric(d, metric.UntypedValue, 1, values...)
	}
	x, labeled := desc("x", "h"), desc("x", "h", "a")
	return map[string][]metric.Metric{
		"type of a counter":        {counter(labeled, "1"), gauge(labeled, "2")},
		"type of a gauge":          {gauge(labeled, "1"), counter(labeled, "2")},
		"type of a summary":        {summary(x), gauge(x)},
		"type of a histogram":      {histogram(x), gauge(x)},
		"type of an untyped":       {untyped(x), gauge(x)},
		"help":                     {gauge(labeled, "1"), gauge(desc("x", "other", "a"), "2")},
		"duplicate":                {gauge(labeled, "1"), gauge(labeled, "1")},
		"duplicate without labels": {counter(x), counter(x)},
		"duplicate with timestamp": {metric.NewMetricWithTimestamp(time.Unix(1, 0), gauge(x)), metric.NewMetricWithTimestamp(time.Unix(1, 0), gauge(x))},
		"invalid metric":           {metric.NewInvalidMetric(x, errors.New("boom"))},
		"invalid without help":     {metric.NewInvalidMetric(desc("x", ""), errors.New("boom"))},
		"invalid descriptor":       {metric.NewInvalidMetric(metric.NewInvalidDesc(errors.New("no descriptor")), errors.New("boom"))},
		"nothing":                  {writes{x, func(*metric.MetricData) {}}},
		"two labels of one name":   {writes{x, func(m *metric.MetricData) { m.Gauge, m.Label = &dto.Gauge{}, labelPairs("a", "1", "a", "2") }}},
		"reserved label":           {writes{x, func(m *metric.MetricData) { m.Gauge, m.Label = &dto.Gauge{}, labelPairs("__a", "1") }}},
		"label value":              {writes{x, func(m *metric.MetricData) { m.Gauge, m.Label = &dto.Gauge{}, labelPairs("a", "\xff") }}},
		"quantile":                 {writes{x, func(m *metric.MetricData) { m.Summary, m.Label = &dto.Summary{}, labelPairs("quantile", "1") }}},
		"count after histogram":    {histogram(x), gauge(desc("x_count", "h"))},
		"sum after histogram":      {histogram(x), gauge(desc("x_sum", "h"))},
		"bucket after histogram":   {histogram(x), gauge(desc("x_bucket", "h"))},
		"count after summary":      {summary(x), gauge(desc("x_count", "h"))},
		"sum after summary":        {summary(x), gauge(desc("x_sum", "h"))},
	}
}

func labelPairs(namesAndValues ...string) (pairs []*metric.LabelPair) {
	for i := 0; i < len(namesAndValues); i += 2 {
		pairs = append(pairs, &metric.LabelPair{Name: &namesAndValues[i], Value: &namesAndValues[i+1]})
	}
	return pairs
}

// sending is an unchecked collector that sends its metrics.
type sending []metric.Metric

func (sending) Describe(chan<- *metric.Desc) {}

func (s sending) Collect(ch chan<- metric.Metric) {
	for _, m := range s {
		ch <- m
	}
}

// TestWordsOfRegistries lets registries of both libraries gather from the same bad collectors. The error of
// this package must contain the text of client_golang's.
func TestWordsOfRegistries(t *testing.T) {
	for name, metrics := range badMetrics() {
		t.Run(name, func(t *testing.T) {
			theirs, ours := prometheus.NewRegistry(), metric.NewRegistry()
			theirs.MustRegister(sending(metrics))
			ours.MustRegister(sending(metrics))
			_, err := theirs.Gather()
			want := withoutDetails(err)
			_, err = ours.Gather()
			if got := withoutDetails(err); want == "" || !strings.Contains(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestWordsOfGatherers makes the same comparison for Gatherers with one registry per metric.
func TestWordsOfGatherers(t *testing.T) {
	for name, metrics := range badMetrics() {
		if len(metrics) < 2 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var (
				theirs prometheus.Gatherers
				ours   metric.Gatherers
			)
			for _, m := range metrics {
				r := prometheus.NewRegistry()
				r.MustRegister(sending{m})
				theirs, ours = append(theirs, r), append(ours, r)
			}
			_, err := theirs.Gather()
			want := withoutDetails(err)
			_, err = ours.Gather()
			if got := withoutDetails(err); want == "" || !strings.Contains(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestSuffixTakenByInstrument checks the error for a histogram one of whose sample names belongs to an
// instrument.
func TestSuffixTakenByInstrument(t *testing.T) {
	for suffix, want := range map[string]string{
		"count":  `collected histogram or summary named "x" collides with previously collected metric named "x_count"`,
		"sum":    `collected histogram or summary named "x" collides with previously collected metric named "x_sum"`,
		"bucket": `collected histogram named "x" collides with previously collected metric named "x_bucket"`,
	} {
		t.Run(suffix, func(t *testing.T) {
			r := metric.NewRegistry()
			r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "x_" + suffix}),
				sending{metric.MustNewConstHistogram(metric.NewDesc("x", "h", nil, nil), 1, 1, nil)})
			if _, err := r.Gather(); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// TestWordsOfInstruments compares the errors for different instruments with the same name, each of which
// has its own label.
func TestWordsOfInstruments(t *testing.T) {
	opts := func(help, value string) metric.Opts {
		return metric.Opts{Name: "x", Help: help, ConstLabels: metric.Labels{"a": value}}
	}
	theirs, ours := prometheus.NewRegistry(), metric.NewRegistry()
	theirs.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts(opts("h", "1"))))
	ours.MustRegister(metric.NewGauge(metric.GaugeOpts(opts("h", "1"))))
	theirs.MustRegister(prometheus.NewCounter(prometheus.CounterOpts(opts("h", "2"))))
	ours.MustRegister(metric.NewCounter(metric.CounterOpts(opts("h", "2"))))
	_, err := ours.Gather()
	got := withoutDetails(err)
	_, err = theirs.Gather() // The collectors run at the same time, so either may come first.
	want := withoutDetails(err)
	if !strings.HasPrefix(got, `collected metric x{} should be a Gauge`) || !strings.HasPrefix(want, "collected metric x{} should be a ") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestInvalidMetricsSayWhatIsWrong checks that the error of a metric begins with its name, says what is
// wrong, and contains no descriptor, except in the text that equals client_golang's.
func TestInvalidMetricsSayWhatIsWrong(t *testing.T) {
	boom := errors.New("boom")
	for help, want := range map[string]string{
		"":                       `error collecting metric "x": boom`,
		"Error scraping target.": `error collecting metric "x" ("Error scraping target."): boom`,
		strings.Repeat("é", 300): `error collecting metric "x" ("` + strings.Repeat("é", 100) + `…"): boom`,
	} {
		r := metric.NewContextRegistry()
		desc := metric.NewDesc("x", help, nil, nil)
		r.MustRegister(sending{metric.NewInvalidMetric(desc, boom)})
		_, err := r.GatherWithContext(t.Context())
		var failed *metric.GatherError
		if !errors.As(err, &failed) || !errors.Is(err, boom) || failed.Failures[0].Err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		_, err = r.Gather()
		if want := "error collecting metric " + desc.String() + ": boom"; err == nil || err.Error() != want || !errors.Is(err, boom) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNoDescriptorsInErrors checks that errors about samples contain no descriptors.
func TestNoDescriptorsInErrors(t *testing.T) {
	x := metric.NewDesc("x", "h", []string{"a"}, nil)
	check := func(t *testing.T, c metric.Collector, want string) {
		t.Helper()
		r := metric.NewContextRegistry()
		r.MustRegister(c)
		_, err := r.GatherWithContext(t.Context())
		if err == nil || strings.Contains(err.Error(), "Desc{") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for name, metrics := range badMetrics() {
		t.Run(name, func(t *testing.T) { check(t, sending(metrics), "") })
	}
	t.Run("empty", func(t *testing.T) {
		check(t, sending{writes{x, func(*metric.MetricData) {}}}, `empty metric collected: metric "x" {}`)
	})
	t.Run("stream", func(t *testing.T) {
		check(t, streamWith(func(_ context.Context, s *metric.Sink) error { return s.Gauge(x, 1, "1", "2") }, x), `sample of metric "x": it has 1 variable labels ["a"] but 2 values ["1" "2"] were given`)
	})
}
