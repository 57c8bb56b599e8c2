package metric_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// anyVec is a *MetricVec, ours or client_golang's.
type anyVec interface {
	prometheus.Collector
	GetMetricWithLabelValues(values ...string) (prometheus.Metric, error)
	GetMetricWith(labels prometheus.Labels) (prometheus.Metric, error)
	DeleteLabelValues(values ...string) bool
	Delete(labels prometheus.Labels) bool
	DeletePartialMatch(labels prometheus.Labels) int
	Reset()
}

func curry(v anyVec, labels prometheus.Labels) (anyVec, error) {
	switch v := v.(type) {
	case *metric.MetricVec:
		return v.CurryWith(labels)
	case *prometheus.MetricVec:
		return v.CurryWith(labels)
	}
	panic("neither ours nor client_golang's")
}

// mustCurry returns a curried vector.
func mustCurry(v anyVec, labels prometheus.Labels) anyVec {
	curried, err := curry(v, labels)
	if err != nil {
		panic(err)
	}
	return curried
}

// series returns the sorted label values of the metrics that v collects.
func series(t *testing.T, v prometheus.Collector) []string {
	var all []string
	for _, m := range collected(t, v) {
		var labels []string
		for _, pair := range m.Label {
			labels = append(labels, fmt.Sprintf("%s=%q", pair.GetName(), pair.GetValue()))
		}
		all = append(all, strings.Join(labels, ","))
	}
	slices.Sort(all)
	return all
}

// vecPairs are vectors with the labels a, b and c, ours and client_golang's.
func vecPairs(labels prometheus.ConstrainableLabels) map[string][2]anyVec {
	opts := prometheus.CounterVecOpts{
		CounterOpts: prometheus.CounterOpts{Name: "m", ConstLabels: prometheus.Labels{"const": "1"}}, VariableLabels: labels,
	}
	desc := metric.V2.NewDesc("m", "", labels, prometheus.Labels{"const": "1"})
	newMetric := func(values ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1, values...)
	}
	return map[string][2]anyVec{
		"counters": {metric.V2.NewCounterVec(opts).MetricVec, prometheus.V2.NewCounterVec(opts).MetricVec},
		"custom":   {metric.NewMetricVec(desc, newMetric), prometheus.NewMetricVec(desc, newMetric)},
	}
}

// vecCalls are calls of a vector with the labels a, b and c, right and wrong; they
// return a comparable result.
var vecCalls = []struct {
	name string
	call func(anyVec) (any, error)
}{
	{"values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("1", "2", "3")) }},
	{"empty values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("", "", "")) }},
	{"odd values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("\"", "\\\n", "a\xff\"")) }},
	{"escapes", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("\"", "\\\n", `\"`)) }},
	{"no values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues()) }},
	{"empty list", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues([]string{}...)) }},
	{"too few values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("X", "Y\"")) }},
	{"too many values", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("X", "Y", "Z", "\xff")) }},
	{"value not UTF-8", func(v anyVec) (any, error) { return ok(v.GetMetricWithLabelValues("1", "a\xffb", "3")) }},
	{"labels", func(v anyVec) (any, error) {
		return ok(v.GetMetricWith(prometheus.Labels{"c": "3", "b": "2", "a": "1"}))
	}},
	{"nil labels", func(v anyVec) (any, error) { return ok(v.GetMetricWith(nil)) }},
	{"empty labels", func(v anyVec) (any, error) { return ok(v.GetMetricWith(prometheus.Labels{})) }},
	{"too few labels", func(v anyVec) (any, error) { return ok(v.GetMetricWith(prometheus.Labels{"b": "Y", "a": "X"})) }},
	{"unknown label", func(v anyVec) (any, error) {
		return ok(v.GetMetricWith(prometheus.Labels{"a": "X", "b": "Y", "d": "Z"}))
	}},
	{"label not UTF-8", func(v anyVec) (any, error) {
		return ok(v.GetMetricWith(prometheus.Labels{"a": "1", "b": "\xff", "c": "3"}))
	}},
	{"curry nothing", func(v anyVec) (any, error) { return ok(curry(v, nil)) }},
	{"curry unknown", func(v anyVec) (any, error) { return ok(curry(v, prometheus.Labels{"d": "X", "e": "Y", "a": "Z"})) }},
	{"curry twice", func(v anyVec) (any, error) {
		return ok(curry(mustCurry(v, prometheus.Labels{"b": "2"}), prometheus.Labels{"a": "1", "b": "3"}))
	}},
	{"curried values", func(v anyVec) (any, error) {
		return ok(mustCurry(v, prometheus.Labels{"b": "2"}).GetMetricWithLabelValues("1", "3"))
	}},
	{"curried labels", func(v anyVec) (any, error) {
		curried := mustCurry(mustCurry(v, prometheus.Labels{"c": "3"}), prometheus.Labels{"a": "1"})
		return ok(curried.GetMetricWith(prometheus.Labels{"b": "2"}))
	}},
	{"all curried", func(v anyVec) (any, error) {
		return ok(mustCurry(v, prometheus.Labels{"c": "3", "a": "9", "b": "8"}).GetMetricWithLabelValues())
	}},
	{"too many curried values", func(v anyVec) (any, error) {
		return ok(mustCurry(v, prometheus.Labels{"b": "2"}).GetMetricWithLabelValues("X", "Y", "Z"))
	}},
	{"label curried already", func(v anyVec) (any, error) {
		return ok(mustCurry(v, prometheus.Labels{"b": "2"}).GetMetricWith(prometheus.Labels{"b": "2", "a": "X"}))
	}},
	{"delete values", func(v anyVec) (any, error) { return v.DeleteLabelValues("1", "2", "3"), nil }},
	{"delete too few values", func(v anyVec) (any, error) { return v.DeleteLabelValues("1", "2"), nil }},
	{"delete what is not there", func(v anyVec) (any, error) { return v.DeleteLabelValues("1", "2", "4"), nil }},
	{"delete labels", func(v anyVec) (any, error) { return v.Delete(prometheus.Labels{"a": "1", "b": "2", "c": "3"}), nil }},
	{"delete unknown label", func(v anyVec) (any, error) { return v.Delete(prometheus.Labels{"a": "1", "b": "2", "d": "3"}), nil }},
	{"delete nil labels", func(v anyVec) (any, error) { return v.Delete(nil), nil }},
	{"delete curried", func(v anyVec) (any, error) {
		return mustCurry(v, prometheus.Labels{"b": "2"}).DeleteLabelValues("1", "3"), nil
	}},
	{"delete part", func(v anyVec) (any, error) { return v.DeletePartialMatch(prometheus.Labels{"b": "2"}), nil }},
	{"delete two parts", func(v anyVec) (any, error) { return v.DeletePartialMatch(prometheus.Labels{"b": "2", "c": "4"}), nil }},
	{"delete unknown part", func(v anyVec) (any, error) { return v.DeletePartialMatch(prometheus.Labels{"d": "2"}), nil }},
	{"delete curried part", func(v anyVec) (any, error) {
		return mustCurry(v, prometheus.Labels{"b": "2"}).DeletePartialMatch(prometheus.Labels{"b": "2"}), nil
	}},
	{"delete part of curried", func(v anyVec) (any, error) {
		return mustCurry(v, prometheus.Labels{"b": "nothing"}).DeletePartialMatch(prometheus.Labels{"a": "1"}), nil
	}},
	{"delete all parts", func(v anyVec) (any, error) { return v.DeletePartialMatch(nil), nil }},
	{"reset", func(v anyVec) (any, error) { v.Reset(); return nil, nil }},
	{"reset curried", func(v anyVec) (any, error) { mustCurry(v, prometheus.Labels{"b": "2"}).Reset(); return nil, nil }},
}

// ok reports whether there is no error, and returns the error.
func ok(_ any, err error) (any, error) { return err == nil, err }

// TestVecEqualsClientGolang makes the same calls of our vectors and client_golang's, and compares the
// results and the series.
func TestVecEqualsClientGolang(t *testing.T) {
	for _, tt := range vecCalls {
		for name, pair := range vecPairs(prometheus.UnconstrainedLabels{"a", "b", "c"}) {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				var (
					results [2]any
					errs    [2]error
				)
				for i, v := range pair {
					for _, values := range [][]string{{"1", "2", "3"}, {"1", "2", "4"}, {"1", "5", "3"}, {"9", "2", ""}} {
						if _, err := v.GetMetricWithLabelValues(values...); err != nil {
							t.Fatal(err)
						}
					}
					results[i], errs[i] = tt.call(v)
				}
				saysAtLeast(t, errs[0], errs[1])
				if results[0] != results[1] {
					t.Errorf("got %v, want %v", results[0], results[1])
				}
				if got, want := series(t, pair[0]), series(t, pair[1]); !slices.Equal(got, want) {
					t.Errorf("got series %v, want %v", got, want)
				}
			})
		}
	}
}

// TestVecProperty is like [TestVecEqualsClientGolang] with random calls.
func TestVecProperty(t *testing.T) {
	for seed := range 100 {
		random := rand.New(rand.NewPCG(uint64(seed), 0))
		value := func() string {
			return []string{"", "x", "\"", `\`, "\\\"", "long enough for more than sixteen bytes"}[random.IntN(6)]
		}
		for name, pair := range vecPairs(prometheus.UnconstrainedLabels{"b", "a", "c"}) {
			curried := [2]anyVec{mustCurry(pair[0], prometheus.Labels{"a": "x"}), mustCurry(pair[1], prometheus.Labels{"a": "x"})}
			for range 50 {
				a, b, c := value(), value(), value()
				do := []func(i int) any{
					func(i int) any { return second(pair[i].GetMetricWithLabelValues(b, a, c)) },
					func(i int) any { return second(pair[i].GetMetricWith(prometheus.Labels{"a": a, "b": b, "c": c})) },
					func(i int) any { return second(curried[i].GetMetricWithLabelValues(b, c)) },
					func(i int) any { return second(curried[i].GetMetricWith(prometheus.Labels{"b": b, "c": c})) },
					func(i int) any { return pair[i].DeleteLabelValues(b, a, c) },
					func(i int) any { return curried[i].Delete(prometheus.Labels{"b": b, "c": c}) },
					func(i int) any { return pair[i].DeletePartialMatch(prometheus.Labels{"a": a, "c": c}) },
				}[random.IntN(7)]
				if got, want := do(0), do(1); got != want {
					t.Fatalf("%s, seed %d: got %v, want %v", name, seed, got, want)
				}
			}
			if got, want := series(t, pair[0]), series(t, pair[1]); !slices.Equal(got, want) {
				t.Fatalf("%s, seed %d: got series %v, want %v", name, seed, got, want)
			}
		}
	}
}

func second(_ any, err error) any { return err }

// TestVecCollectsInOrder checks that series are collected in the order of their label values, label
// by label.
func TestVecCollectsInOrder(t *testing.T) {
	v := metric.NewGaugeVec(metric.GaugeOpts{Name: "g"}, []string{"b", "a"})
	for _, values := range [][2]string{{"1", "z"}, {"2", "a"}, {"", "m"}, {"10", "a"}, {"1", "a"}} {
		v.WithLabelValues(values[0], values[1]).Set(1)
	}
	var got []string
	for _, m := range collected(t, v) {
		got = append(got, m.Label[0].GetValue()+" "+m.Label[1].GetValue())
	}
	if want := []string{"a 1", "a 10", "a 2", "m ", "z 1"}; !slices.IsSortedFunc(got, cmp.Compare[string]) || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
