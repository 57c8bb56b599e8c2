package metric_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// TestMisuse checks the errors for calls that an instrument does not allow. They must contain the
// name of the metric, the given value and the allowed values.
func TestMisuse(t *testing.T) {
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"code", "method"})
	curried := counters.MustCurryWith(metric.Labels{"code": "200"})
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Namespace: "app", Name: "g"}, []string{"a"})
	none := metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, nil)
	custom := metric.NewMetricVec(metric.NewDesc("custom", "", []string{"a"}, nil), func(...string) metric.Metric { return nil })
	long := strings.Repeat("x", metric.ExemplarMaxRunes)
	histogram := func(opts metric.HistogramOpts) func() {
		opts.Name = "h"
		return func() { metric.NewHistogramVec(opts, []string{"a"}) }
	}
	summary := func(opts metric.SummaryOpts) func() {
		opts.Name = "s"
		return func() { metric.NewSummary(opts) }
	}
	returned := func(_ any, err error) func() {
		return func() { panic(err) }
	}

	for name, test := range map[string]struct {
		misuse func()
		want   string
	}{
		"too few values": {
			func() { counters.WithLabelValues("200") },
			`counter "c_total", which takes the labels ["code" "method"]: inconsistent label cardinality: ` +
				`expected 2 label values but got 1 in []string{"200"}`,
		},
		"too many values": {
			func() { gauges.WithLabelValues("1", "2") },
			`gauge "app_g", which takes the label ["a"]: inconsistent label cardinality: expected 1 label values but got 2 in []string{"1", "2"}`,
		},
		"values without labels": {
			func() { none.WithLabelValues("1") },
			`summary "s", which takes no labels: inconsistent label cardinality: expected 0 label values but got 1 in []string{"1"}`,
		},
		"values of a curried vector": {
			func() { curried.WithLabelValues("200", "get") },
			`counter "c_total", which takes the label ["method"] besides the curried code="200": inconsistent label cardinality: ` +
				`expected 1 label values but got 2 in []string{"200", "get"}`,
		},
		"too few labels": {
			func() { counters.With(metric.Labels{"code": "200"}) },
			`counter "c_total", which takes the labels ["code" "method"]: inconsistent label cardinality: ` +
				`expected 2 label values but got 1 in prometheus.Labels{"code":"200"}`,
		},
		"unknown label": {
			func() { counters.With(metric.Labels{"code": "200", "path": "/"}) },
			`counter "c_total", which takes the labels ["code" "method"]: label name "method" missing in label map, which has ["path"] instead`,
		},
		"curried label given": {
			func() { curried.With(metric.Labels{"code": "200"}) },
			`counter "c_total", which takes the label ["method"] besides the curried code="200": label name "code" is already curried`,
		},
		"curried twice": {
			func() { curried.MustCurryWith(metric.Labels{"code": "404"}) },
			`counter "c_total", which takes the label ["method"] besides the curried code="200": label name "code" is already curried`,
		},
		"unknown label curried": {
			func() { gauges.MustCurryWith(metric.Labels{"c": "1", "b": "2", "a": "3"}) },
			`gauge "app_g", which takes the label ["a"]: 2 unknown label(s) found during currying: ["b" "c"]`,
		},
		"value not UTF-8": {
			func() { counters.WithLabelValues("200", "\xff") },
			`counter "c_total": label value "\xff" is not valid UTF-8: it was given for label "method"`,
		},
		"label not UTF-8": {
			func() { gauges.With(metric.Labels{"a": "\xff"}) },
			`gauge "app_g": label a: value "\xff" is not valid UTF-8`,
		},
		"error that is returned": {
			returned(counters.GetMetricWithLabelValues()),
			`counter "c_total", which takes the labels ["code" "method"]: inconsistent label cardinality: ` +
				`expected 2 label values but got 0 in []string(nil)`,
		},
		"custom vector": {
			returned(custom.GetMetricWith(metric.Labels{"b": ""})),
			`metric "custom", which takes the label ["a"]: label name "a" missing in label map, which has ["b"] instead`,
		},
		"custom metric": {
			returned(custom.GetMetricWithLabelValues("1")),
			`metric "custom": the function that makes the metrics of the vector has returned nil for the label values ["1"]`,
		},

		"negative Add": {
			func() { metric.NewCounter(metric.CounterOpts{Name: "c_total"}).Add(-1.5) },
			`counter "c_total": counter cannot decrease in value: it was to add -1.5, but only numbers that are not negative can be added`,
		},
		"negative Add with labels": {
			func() {
				metric.NewCounter(metric.CounterOpts{Name: "c_total", ConstLabels: metric.Labels{"a": "b"}}).Add(math.Inf(-1))
			},
			`counter "c_total"{a="b"}: counter cannot decrease in value: it was to add -Inf, but only numbers that are not negative can be added`,
		},
		"negative Add in a vector": {
			func() { curried.WithLabelValues("get").Add(-1) },
			`counter "c_total"{code="200",method="get"}: counter cannot decrease in value: it was to add -1, ` +
				`but only numbers that are not negative can be added`,
		},
		"negative Add with an exemplar": {
			func() {
				metric.NewCounter(metric.CounterOpts{Name: "c_total"}).(metric.ExemplarAdder).AddWithExemplar(-1, metric.Labels{"a": "b"})
			},
			`counter "c_total": counter cannot decrease in value: it was to add -1, but only numbers that are not negative can be added`,
		},
		"exemplar of a counter": {
			func() {
				metric.NewCounter(metric.CounterOpts{Name: "c_total"}).(metric.ExemplarAdder).AddWithExemplar(1, metric.Labels{"trace": long})
			},
			`counter "c_total": exemplar labels have 133 runes, exceeding the limit of 128`,
		},
		"exemplar of a histogram": {
			func() {
				metric.NewHistogram(metric.HistogramOpts{Name: "h"}).(metric.ExemplarObserver).ObserveWithExemplar(1, metric.Labels{"__a": "1"})
			},
			`histogram "h": exemplar label name "__a" is invalid`,
		},

		"bucket order": {
			histogram(metric.HistogramOpts{Buckets: []float64{1, 3, 2}}),
			`histogram "h": histogram buckets must be in increasing order: 3.000000 >= 2.000000, at the indices 1 and 2`,
		},
		"bucket NaN": {
			histogram(metric.HistogramOpts{Buckets: []float64{1, math.NaN()}}),
			`histogram "h": histogram buckets must be numbers: the upper bound at index 1 is NaN`,
		},
		"label le": {
			func() { metric.NewHistogramVec(metric.HistogramOpts{Name: "h"}, []string{"le"}) },
			`histogram "h": "le" is not allowed as label name in histograms`,
		},
		"objective": {
			summary(metric.SummaryOpts{Objectives: map[float64]float64{99: 0.1}}),
			`summary "s": the objective {99: 0.1} has a quantile that is not from 0 to 1, such as 0.99`,
		},
		"age": {
			summary(metric.SummaryOpts{MaxAge: -time.Second}),
			`summary "s": illegal max age MaxAge=-1s: it must not be negative`,
		},
		"label quantile": {
			func() { metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, []string{"quantile"}) },
			`summary "s": "quantile" is not allowed as label name in summaries`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err, ok := recovered(test.misuse).(error); !ok || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestMisuseChangesNothing checks that an instrument still works after it was misused.
func TestMisuseChangesNothing(t *testing.T) {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
	c := v.WithLabelValues("x")
	c.Add(2)
	for _, misuse := range []func(){
		func() { c.Add(-1) },
		func() { v.WithLabelValues() },
		func() { v.With(metric.Labels{"b": "1"}) },
		func() { v.MustCurryWith(metric.Labels{"b": "1"}) },
	} {
		if recovered(misuse) == nil {
			t.Error("it does not panic")
		}
	}
	if c.Get() != 2 || len(collected(t, v)) != 1 {
		t.Errorf("the counter is %v, and there are %d series", c.Get(), len(collected(t, v)))
	}
}

// TestNamesWithBlanks checks that names with spaces are valid, as the documentation says: names may
// be any UTF-8.
func TestNamesWithBlanks(t *testing.T) {
	r := metric.NewContextRegistry()
	metric.NewWithRegistry("my app", r).NewCounterVec("cache hits", "", []string{"the cache"}).WithLabelValues("x").Inc()
	families, err := r.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "my app_cache hits" || families[0].Metric[0].Label[0].GetName() != "the cache" {
		t.Errorf("got %v and error %v", families, err)
	}
	err, ok := recovered(func() { metric.NewWithRegistry("my\xffapp", r).NewCounter("c", "") }).(error)
	if !ok || errors.Unwrap(err) == nil || !strings.Contains(err.Error(), `"my\xffapp_c" is not a valid metric name`) {
		t.Errorf("got %v", err)
	}
}
