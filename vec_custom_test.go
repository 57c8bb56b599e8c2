package metric_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// labelsABC returns the labels a, b and c, of which b and c have constraints.
func labelsABC() prometheus.ConstrainedLabels {
	return prometheus.ConstrainedLabels{
		{Name: "a"},
		{Name: "b", Constraint: func(v string) string { return strings.TrimLeft(v, "0") + "\"" }}, // applying it twice changes the value again
		{Name: "c", Constraint: strings.ToLower},
	}
}

// TestConstrainedVecEqualsClientGolang compares vectors with constraints with client_golang's, also
// for labels of other types than its two.
func TestConstrainedVecEqualsClientGolang(t *testing.T) {
	type embedding struct{ prometheus.ConstrainedLabels }
	labels := labelsABC()
	for name, labels := range map[string]prometheus.ConstrainableLabels{
		"value": labels, "pointer": &labels, "embedded": embedding{labels},
		"unconstrained":         prometheus.UnconstrainedLabels{"a", "b", "c"},
		"unconstrained pointer": &prometheus.UnconstrainedLabels{"a", "b", "c"},
		"without constraints":   prometheus.ConstrainedLabels{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	} {
		for kind, pair := range vecPairs(labels) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				var results [2][]any
				for i, v := range pair {
					got := func(result any) { results[i] = append(results[i], fmt.Sprint(result)) }
					got(second(v.GetMetricWithLabelValues("A", "001", "X")))
					got(second(v.GetMetricWith(prometheus.Labels{"a": "A", "b": "01", "c": "X"})))
					got(second(v.GetMetricWithLabelValues("A", "002", "Y")))
					got(second(v.GetMetricWithLabelValues("A", "3", "\xff")))
					got(second(v.GetMetricWith(prometheus.Labels{"a": "A", "b": "1", "c": "Z\xff"})))
					curried := mustCurry(v, prometheus.Labels{"b": "0004"})
					got(second(curried.GetMetricWithLabelValues("A", "X")))
					got(second(curried.GetMetricWith(prometheus.Labels{"a": "B", "c": "X"})))
					got(second(mustCurry(curried, prometheus.Labels{"c": "X"}).GetMetricWithLabelValues("C")))
					got(curried.DeleteLabelValues("C", "x"))
					got(v.DeleteLabelValues("A", "2", "y"))
					got(v.Delete(prometheus.Labels{"a": "A", "b": "02", "c": "y"}))
					got(v.DeletePartialMatch(prometheus.Labels{"b": "04", "c": "x"}))
					got(v.DeletePartialMatch(prometheus.Labels{"a": "A", "c": "x"}))
				}
				if !slices.EqualFunc(results[0], results[1], func(got, want any) bool { return strings.Contains(got.(string), want.(string)) }) {
					t.Errorf("got  %q\nwant %q", results[0], results[1])
				}
				if got, want := series(t, pair[0]), series(t, pair[1]); !slices.Equal(got, want) {
					t.Errorf("got series %v, want %v", got, want)
				}
			})
		}
	}
}

// TestCustomVecCallsConstraints checks that constraints are called only with values of their own
// labels.
func TestCustomVecCallsConstraints(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}} {
		var labels prometheus.ConstrainedLabels
		values := prometheus.Labels{}
		for _, name := range names {
			labels = append(labels, prometheus.ConstrainedLabel{Name: name, Constraint: func(v string) string {
				if !strings.HasPrefix(v, name) {
					t.Errorf("the constraint of %s is called with %q", name, v)
				}
				return v + "!\n"
			}})
			values[name] = name + "\"1"
		}
		desc := metric.V2.NewDesc("m", "", labels, nil)
		v := metric.NewMetricVec(desc, func(values ...string) metric.Metric {
			return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
		})
		if _, err := v.GetMetricWith(values); err != nil {
			t.Fatal(err)
		}
		curried, err := v.CurryWith(prometheus.Labels{"a": "a\"1"})
		if err != nil {
			t.Fatal(err)
		}
		delete(values, "a")
		if _, err := curried.GetMetricWith(values); err != nil {
			t.Fatal(err)
		}
		if got := series(t, v); len(got) != 1 || !strings.HasPrefix(got[0], `a="a\"1!\n"`) {
			t.Errorf("got %q", got)
		}
		if n := v.DeletePartialMatch(prometheus.Labels{"a": "a\"1"}); n != 1 {
			t.Errorf("deleted %d series, want 1", n)
		}
	}
}

// TestCustomVec checks that newMetric may use the vector and modify its arguments.
func TestCustomVec(t *testing.T) {
	desc := metric.NewDesc("m", "", []string{"a", "b"}, nil)
	var v *metric.MetricVec
	v = metric.NewMetricVec(desc, func(values ...string) metric.Metric {
		switch values[0] {
		case "nil":
			return nil
		case "panic":
			panic(errTest)
		case "parent":
			if _, err := v.GetMetricWithLabelValues("child", values[1]); err != nil {
				t.Error(err)
			}
		}
		m := metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
		clear(values)
		return m
	})
	first, err := v.GetMetricWithLabelValues("parent", "1")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := v.GetMetricWith(metric.Labels{"a": "parent", "b": "1"}); again != first || err != nil {
		t.Errorf("got %v, %v; want the same metric", again, err)
	}
	if m, err := v.GetMetricWithLabelValues("nil", "1"); m != nil || err == nil {
		t.Errorf("got %v, %v; want an error", m, err)
	}
	wantPanic(t, errTest, func() { _, _ = v.GetMetricWithLabelValues("panic", "1") })
	if got, want := series(t, v), []string{`a="child",b="1"`, `a="parent",b="1"`}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := prometheus.NewRegistry().Register(v); err != nil {
		t.Error(err)
	}
}

// TestVecConcurrently creates and deletes series from many goroutines.
func TestVecConcurrently(t *testing.T) {
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "m"}, []string{"a", "b"})
	desc := metric.NewDesc("m", "", []string{"a", "b"}, nil)
	custom := metric.NewMetricVec(desc, func(values ...string) metric.Metric {
		return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
	})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			curried := counters.MustCurryWith(metric.Labels{"a": "kept"})
			for i := range 500 {
				value := string(rune('a' + i%20))
				curried.WithLabelValues(value).Inc()
				counters.With(metric.Labels{"a": "deleted", "b": value}).Inc()
				if _, err := custom.GetMetricWithLabelValues("kept", value); err != nil {
					t.Error(err)
				}
				switch {
				case g == 0 && i%10 == 0:
					counters.DeletePartialMatch(metric.Labels{"a": "deleted"})
				case g == 1 && i%10 == 0:
					collected(t, counters)
				default:
					counters.DeleteLabelValues("deleted", value)
				}
			}
		})
	}
	wg.Wait()
	counters.DeletePartialMatch(metric.Labels{"a": "deleted"})
	total := 0.0
	for _, m := range collected(t, counters) {
		total += m.GetCounter().GetValue()
	}
	if n := len(collected(t, counters)); n != 20 || total != 8*500 {
		t.Errorf("got %d series with %v increments, want 20 with 4000", n, total)
	}
	if n := len(collected(t, custom)); n != 20 {
		t.Errorf("got %d custom series, want 20", n)
	}
}
