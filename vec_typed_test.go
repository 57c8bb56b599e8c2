package metric_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// typedVec has the methods that typed vectors have beyond MetricVec: M is an instrument and V the
// result of CurryWith.
type typedVec[M, V any] interface {
	prometheus.Collector
	GetMetricWithLabelValues(values ...string) (M, error)
	GetMetricWith(labels prometheus.Labels) (M, error)
	WithLabelValues(values ...string) M
	With(labels prometheus.Labels) M
	CurryWith(labels prometheus.Labels) (V, error)
	MustCurryWith(labels prometheus.Labels) V
	DeleteLabelValues(values ...string) bool
	Reset()
}

// TestTypedVecs checks that vectors of all kinds have the same methods, and that these return
// instruments of their type.
func TestTypedVecs(t *testing.T) {
	labels := []string{"a", "b"}
	t.Run("counters", func(t *testing.T) {
		testTypedVec(t, metric.NewCounterVec(metric.CounterOpts{Name: "m"}, labels))
	})
	t.Run("gauges", func(t *testing.T) {
		testTypedVec(t, metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, labels))
	})
	t.Run("histograms", func(t *testing.T) {
		v := metric.NewHistogramVec(metric.HistogramOpts{Name: "m"}, labels)
		testTypedVec(t, v)
		wantType[*metric.HistogramVec](t, v.MustCurryWith(metric.Labels{"a": "1"}))
		wantType[metric.Histogram](t, v.WithLabelValues("1", "2"))
		wantType[metric.ExemplarObserver](t, v.WithLabelValues("1", "2"))
	})
	t.Run("summaries", func(t *testing.T) {
		v := metric.NewSummaryVec(metric.SummaryOpts{Name: "m"}, labels)
		testTypedVec(t, v)
		wantType[*metric.SummaryVec](t, v.MustCurryWith(metric.Labels{"a": "1"}))
		wantType[metric.Summary](t, v.WithLabelValues("1", "2"))
	})
}

// wantType checks that v has the type that users convert it to.
func wantType[T any](t *testing.T, v any) {
	t.Helper()
	if _, ok := v.(T); !ok {
		t.Errorf("got a %T", v)
	}
}

func testTypedVec[M, V any](t *testing.T, v typedVec[M, V]) {
	t.Helper()
	first := any(v.WithLabelValues("1", "2"))
	same := func(how string, m any, err error) {
		t.Helper()
		if err != nil || m != first {
			t.Errorf("%s: got %v, %v; want the same instrument", how, m, err)
		}
	}
	both := prometheus.Labels{"a": "1", "b": "2"}
	same("With", any(v.With(both)), nil)
	m, err := v.GetMetricWith(both)
	same("GetMetricWith", any(m), err)
	m, err = v.GetMetricWithLabelValues("1", "2")
	same("GetMetricWithLabelValues", any(m), err)

	// V is an interface for some vectors and a pointer for others, with the same methods.
	type curried interface {
		prometheus.Collector
		WithLabelValues(values ...string) M
		With(labels prometheus.Labels) M
	}
	c, err := v.CurryWith(prometheus.Labels{"a": "1"})
	same("CurryWith", any(any(c).(curried).WithLabelValues("2")), err)
	same("MustCurryWith", any(any(v.MustCurryWith(prometheus.Labels{"b": "2"})).(curried).With(prometheus.Labels{"a": "1"})), nil)
	if n := len(collected(t, any(c).(curried))); n != 1 {
		t.Errorf("a curried vector collects %d series, want all", n)
	}

	_, err = v.GetMetricWithLabelValues("1")
	wantPanic(t, err, func() { v.WithLabelValues("1") })
	_, err = v.GetMetricWith(prometheus.Labels{"a": "1", "c": "2"})
	wantPanic(t, err, func() { v.With(prometheus.Labels{"a": "1", "c": "2"}) })
	_, err = v.CurryWith(prometheus.Labels{"c": "1"})
	wantPanic(t, err, func() { v.MustCurryWith(prometheus.Labels{"c": "1"}) })
	// With an error, the instrument is a nil interface, not a nil pointer.
	if m, _ := v.GetMetricWithLabelValues("\xff", ""); any(m) != nil {
		t.Errorf("got %v besides an error, want nil", m)
	}

	if !v.DeleteLabelValues("1", "2") || any(v.WithLabelValues("1", "2")) == first {
		t.Error("a series that was deleted has come back")
	}
	v.Reset()
	if all := collected(t, v); len(all) != 0 {
		t.Errorf("after Reset there is %v", all)
	}
}

func wantPanic(t *testing.T, want error, f func()) {
	t.Helper()
	if got := recovered(f); want == nil || fmt.Sprint(got) != want.Error() {
		t.Errorf("got the panic %v, want %v", got, want)
	}
}

// TestDeletedInstrumentsGoOn checks that deleted instruments still work, although they are not
// exposed.
func TestDeletedInstrumentsGoOn(t *testing.T) {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "m"}, []string{"a"})
	old := v.WithLabelValues("x")
	old.Inc()
	v.Reset()
	v.WithLabelValues("x").Add(5)
	old.Inc()
	if got := v.WithLabelValues("x").Get(); old.Get() != 2 || got != 5 {
		t.Errorf("got %v and %v, want 2 and 5", old.Get(), got)
	}
}

// TestVecWithoutLabels checks that a vector without labels has at most one series.
func TestVecWithoutLabels(t *testing.T) {
	v := metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, nil)
	v.WithLabelValues().Inc()
	v.With(nil).Inc()
	v.With(metric.Labels{}).Inc()
	metric.V2.NewGaugeVec(metric.GaugeVecOpts{GaugeOpts: metric.GaugeOpts{Name: "m"}}).WithLabelValues().Inc()
	if got := v.MustCurryWith(nil).WithLabelValues().Get(); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
}
