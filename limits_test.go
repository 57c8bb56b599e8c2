package metric_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

func counterVecCalled(name string) *metric.CounterVec {
	return metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"k"})
}

// fill counts a number of different label sets.
func fill(v *metric.CounterVec, n int) {
	for i := range n {
		v.WithLabelValues(strconv.Itoa(i)).Inc()
	}
}

// TestSeriesLimit checks which series count towards the limit of a registry.
func TestSeriesLimit(t *testing.T) {
	type embedding struct{ *metric.CounterVec }
	for name, register := range map[string]func(reg metric.Registerer, v *metric.CounterVec){
		"directly": func(reg metric.Registerer, v *metric.CounterVec) { reg.MustRegister(v) },
		"wrapped": func(reg metric.Registerer, v *metric.CounterVec) {
			metric.WrapRegistererWithPrefix("p_", reg).MustRegister(v)
		},
		"a bridge":  func(reg metric.Registerer, v *metric.CounterVec) { reg.MustRegister(metric.BridgeCounterVec(v)) },
		"curried":   func(reg metric.Registerer, v *metric.CounterVec) { reg.MustRegister(v.MustCurryWith(metric.Labels{})) },
		"embedded":  func(reg metric.Registerer, v *metric.CounterVec) { reg.MustRegister(embedding{v}) },
		"with opts": func(reg metric.Registerer, v *metric.CounterVec) { metric.RegistererWith(reg).MustRegister(v) },
		"twice": func(reg metric.Registerer, v *metric.CounterVec) {
			reg.MustRegister(v)
			wrapped := metric.WrapRegistererWithPrefix("p_", reg)
			wrapped.MustRegister(v)
			wrapped.Unregister(v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry(metric.WithSeriesLimit(5))
			a, b := counterVecCalled("a_total"), counterVecCalled("b_total")
			fill(a, 3)
			register(r, a)
			r.MustRegister(b)
			fill(b, 4)
			fill(a, 4)
			if got := valuesOf(t, b); len(got) != 3 || got[metric.OverflowValue] != 2 {
				t.Errorf("got %v, want two series beside the overflow series", got)
			}
			if got := valuesOf(t, a); len(got) != 4 || got["2"] != 2 || got[metric.OverflowValue] != 1 {
				t.Errorf("got %v, want three series beside the overflow series", got)
			}
			if !r.Unregister(b) {
				t.Fatal("it was not registered")
			}
			fill(a, 6)
			if got := valuesOf(t, a); len(got) != 6 {
				t.Errorf("after unregistering the other vector: got %v, want five series beside the overflow series", got)
			}
			runtime.KeepAlive(r)
		})
	}
}

// TestLimitOfCustomVector checks that newMetric gets the values of the series that it makes.
func TestLimitOfCustomVector(t *testing.T) {
	var made []string
	d := metric.NewDesc("custom", "", []string{"k"}, nil)
	v := metric.NewMetricVec(d, func(values ...string) metric.Metric {
		made = append(made, values...)
		return metric.MustNewConstMetric(d, metric.GaugeValue, 1, values...)
	})
	v.SetLimit(2)
	v.SetValueLimit(3, metric.TruncateLongValues)
	for _, value := range []string{"a", "b", "c", "a", "d", "b"} {
		if _, err := v.GetMetricWithLabelValues(value); err != nil {
			t.Fatal(err)
		}
	}
	v.DeleteLabelValues("a")
	if _, err := v.GetMetricWith(metric.Labels{"k": "long"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(made, " "); got != "a b "+metric.OverflowValue+" lon" {
		t.Errorf("made %q", got)
	}
}

// TestRegistryThatIsGone checks that a registry that the program has dropped limits nothing.
func TestRegistryThatIsGone(t *testing.T) {
	v := counterVecCalled("c_total")
	metric.NewContextRegistry(metric.WithSeriesLimit(1)).MustRegister(v)
	for i := range 1000 {
		runtime.GC()
		fill(v, 3)
		// Until the registry is collected, the third series goes to the overflow series.
		if _, ok := valuesOf(t, v)["2"]; ok {
			return
		}
		time.Sleep(time.Duration(i) * time.Millisecond / 10)
	}
	t.Errorf("it still has %v", valuesOf(t, v))
}

func TestValueLimit(t *testing.T) {
	for name, test := range map[string]struct {
		bytes  int
		long   metric.LongValues
		values string
		want   map[string]float64
	}{
		"truncated":            {3, metric.TruncateLongValues, "abcd abce abc ab", map[string]float64{"abc": 3, "ab": 1}},
		"at a rune boundary":   {4, metric.TruncateLongValues, "abcé abcéd ab€ €€", map[string]float64{"abc": 2, "ab": 1, "€": 1}},
		"not in the middle":    {5, metric.TruncateLongValues, "abcéd", map[string]float64{"abcé": 1}},
		"in the overflow":      {3, metric.OverflowLongValues, "abcd abce abc ab", map[string]float64{"abc": 1, "ab": 1, metric.OverflowValue: 2}},
		"switched off":         {0, metric.OverflowLongValues, "abcd", map[string]float64{"abcd": 1}},
		"nothing of a rune":    {1, metric.TruncateLongValues, "€", map[string]float64{"": 1}},
		"of the overflow only": {3, metric.TruncateLongValues, metric.OverflowValue, map[string]float64{"__o": 1}},
	} {
		for _, of := range []string{"vector", "registry", "several registries"} {
			t.Run(name+"/"+of, func(t *testing.T) {
				v := counterVecCalled("c_total")
				var keep []*metric.ContextRegistry
				switch of {
				case "vector":
					v.SetValueLimit(test.bytes, test.long)
				case "several registries":
					if test.bytes > 0 {
						keep = append(keep, registeredIn(v, metric.WithValueLimit(100, metric.OverflowLongValues)))
					}
					fallthrough
				default:
					keep = append(keep, registeredIn(v, metric.WithValueLimit(test.bytes, test.long)))
				}
				for _, value := range strings.Fields(test.values) {
					v.With(metric.Labels{"k": value}).Inc()
				}
				got := valuesOf(t, v)
				if len(got) != len(test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
				for value, n := range test.want {
					if got[value] != n {
						t.Errorf("got %v, want %v", got, test.want)
					}
				}
				runtime.KeepAlive(keep)
			})
		}
	}

	v := counterVecCalled("c_total")
	v.WithLabelValues("long").Inc()
	v.SetValueLimit(2, metric.TruncateLongValues)
	v.WithLabelValues("long").Inc()
	v.WithLabelValues("longer").Inc()
	if got := valuesOf(t, v); got["long"] != 2 || got["lo"] != 1 {
		t.Errorf("a series from before: got %v", got)
	}
	for i, want := range []bool{true, true, false} { // the series, the one with the cut value, and no series
		if got := v.DeleteLabelValues("long"); got != want {
			t.Errorf("deletion %d: got %v", i+1, got)
		}
	}
	v.WithLabelValues("longer").Inc()
	if n := v.DeletePartialMatch(metric.Labels{"k": "longest"}); n != 1 {
		t.Errorf("deleted %d series by a value that is cut", n)
	}
}

func registeredIn(c metric.Collector, opts ...metric.RegistryOption) *metric.ContextRegistry {
	r := metric.NewContextRegistry(opts...)
	r.MustRegister(c)
	return r
}

// TestLimitsKeepNoMemory checks that many label sets, or a huge one, beyond the limits take no memory.
func TestLimitsKeepNoMemory(t *testing.T) {
	const limit, distinct = 10_000, 1_000_000
	v := counterVecCalled("c_total")
	v.SetLimit(limit)
	v.SetValueLimit(100, metric.TruncateLongValues)
	before := heapInUse()
	v.WithLabelValues(strings.Repeat("x", 16<<20)).Inc()
	n := distinct
	if raceEnabled {
		n /= 10
	}
	for i := range n {
		v.WithLabelValues("value" + strconv.Itoa(i)).Inc()
	}
	// A million series would take some 100 MB.
	if used := int64(heapInUse()) - int64(before); used > 8<<20 {
		t.Errorf("%d bytes are in use", used)
	}
	if got := valuesOf(t, v)[metric.OverflowValue]; got != float64(n-limit+1) {
		t.Errorf("the overflow series has %v", got)
	}
}

func TestOverflowDoesNotAllocate(t *testing.T) {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a", "b"})
	v.SetLimit(1)
	v.WithLabelValues("1", "2")
	v.WithLabelValues("2", "2")
	curried := v.MustCurryWith(metric.Labels{"b": "2"})
	long := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
	long.SetValueLimit(3, metric.TruncateLongValues)
	long.WithLabelValues("abcd")
	labels := metric.Labels{"a": "9", "b": "9"}
	for name, f := range map[string]func(){
		"values":  func() { v.WithLabelValues("3", "4").Inc() },
		"labels":  func() { v.With(labels).Inc() },
		"curried": func() { curried.WithLabelValues("7").Inc() },
		"cut":     func() { long.WithLabelValues("abcdef").Inc() },
	} {
		t.Run(name, func(t *testing.T) { wantAllocs(t, 0, f) })
	}
}

func TestLimitArguments(t *testing.T) {
	v := counterVecCalled("c_total")
	for want, f := range map[string]func(){
		"SetLimit(-1): a limit is":                func() { v.SetLimit(-1) },
		"SetValueLimit(-2): a limit is":           func() { v.SetValueLimit(-2, metric.TruncateLongValues) },
		"SetValueLimit with LongValues(7)":        func() { v.SetValueLimit(1, 7) },
		"WithSeriesLimit(-1): a limit is":         func() { metric.WithSeriesLimit(-1) },
		"WithValueLimit(-1): a limit is":          func() { metric.WithValueLimit(-1, metric.OverflowLongValues) },
		"use TruncateLongValues or OverflowLongV": func() { metric.WithValueLimit(1, 9) },
	} {
		if got := panicMessage(t, f); !strings.Contains(got, want) {
			t.Errorf("got the panic %q, want %q", got, want)
		}
	}
	none := metric.NewNoOp().NewCounterVec("c_total", "", []string{"k"})
	none.SetLimit(1)
	none.SetValueLimit(1, metric.TruncateLongValues)
	fill(none, 3)
	if got := none.WithLabelValues("2").Get(); got != 1 {
		t.Errorf("a no-op vector has a limit: got %v", got)
	}
}

// TestOverflowIsReported checks that the log, the self-metrics and the status show a vector at its
// limit.
func TestOverflowIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		r := metric.NewContextRegistry(metric.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))),
			metric.WithSelfMetrics("app"), metric.WithSeriesLimit(8))
		v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"method", "path"})
		v.SetLimit(5)
		other := counterVecCalled("other_total")
		r.MustRegister(v, other)
		get := func(n int) {
			for i := range n {
				v.WithLabelValues("GET", "/"+strconv.Itoa(i)).Inc()
			}
		}
		get(5)
		if text := strings.Join(seriesOf(mustGather(t, r)), " "); strings.Contains(text, "overflow") || logged.Len() > 0 {
			t.Errorf("without an overflow: %s %s", text, logged.String())
		}
		get(7)
		fill(other, 4)
		for range 3 {
			text := strings.Join(seriesOf(mustGather(t, r)), " ")
			for _, family := range []string{"requests_total", "other_total"} {
				if !strings.Contains(text, `app_series_overflowed_total{family="`+family+`"}`) {
					t.Errorf("no self-metric of %s: %s", family, text)
				}
			}
		}
		for _, line := range []string{
			`vector \"requests_total\" has reached its limit of 5 series: label \"path\" has 6 values; new label sets are counted in {method=\"__overflow__\",path=\"__overflow__\"}`,
			`vector \"other_total\" cannot grow beyond 4 series, because its registry has reached the limit of 8 series: label \"k\" has 4 values`,
		} {
			if strings.Count(logged.String(), line) != 1 {
				t.Errorf("want the line %s once in\n%s", line, logged.String())
			}
		}
		v.SetValueLimit(3, metric.TruncateLongValues)
		v.WithLabelValues("DELETE", "/0").Inc()
		time.Sleep(2 * time.Hour)
		_ = mustGather(t, r)
		if n := strings.Count(logged.String(), "reached its limit"); n != 2 {
			t.Errorf("after more overflows, hours later: %d lines", n)
		}
		if line := `vector \"requests_total\" gets values of label \"method\" that are longer than its limit of 3 bytes: they are cut`; !strings.Contains(logged.String(), line) {
			t.Errorf("want the line %s in\n%s", line, logged.String())
		}

		largest := r.Cardinality(1)
		if len(largest) != 1 {
			t.Fatalf("got %+v", largest)
		}
		got := largest[0]
		if got.Collector != "requests_total" || got.Metric != "requests_total" || got.Series != 6 || got.Limit != 5 || got.RegistryLimit != 8 ||
			!got.Full || got.Overflowed != 3 || got.LongValues != 1 || got.Bytes < 100 || len(got.Labels) != 2 {
			t.Errorf("got %+v", got)
		}
		if l := got.Labels[0]; l.Name != "path" || l.Values != 6 || len(l.Examples) != 3 || l.Examples[0] != "/0" {
			t.Errorf("got %+v", l)
		}
		if s := r.Status()[0]; s.Limit != 5 || s.Overflowed != 3 {
			t.Errorf("got %+v", s)
		}
		page := statusPage(t, r, "*/*")
		_, second, _ := strings.Cut(page, "Largest vectors:")
		if line := strings.Join(lineOf(t, second, "requests_total"), " "); !strings.Contains(line, "5, 8 in the registry") || !strings.Contains(line, `path: 6 (such as "/1")`) {
			t.Errorf("got the line %s", line)
		}
		if page := statusPage(t, r, "text/html"); !strings.Contains(page, "<h1>Largest vectors</h1>") || strings.Count(page, "</html>") != 1 {
			t.Errorf("got the page %s", page)
		}
	})
}
