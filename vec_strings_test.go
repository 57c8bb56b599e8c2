package metric_test

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/luxfi/metric"
)

// reused is a buffer that is used again for each request, as some web frameworks do.
type reused struct{ buf []byte }

// string returns s as a string that lies in the buffer.
func (r *reused) string(s string) string {
	start := len(r.buf)
	r.buf = append(r.buf, s...)
	return unsafe.String(unsafe.SliceData(r.buf[start:]), len(s))
}

// overwrite overwrites the buffer.
func (r *reused) overwrite() {
	for i := range r.buf {
		r.buf[i] = '!'
	}
	r.buf = r.buf[:0]
}

// TestStringsAreCloned checks law 11 for all ways to create a series.
func TestStringsAreCloned(t *testing.T) {
	labels := []string{"a", "b"}
	desc := metric.NewDesc("m", "", labels, nil)
	constrained := metric.ConstrainedLabels{{Name: "a", Constraint: func(v string) string { return v }}, {Name: "b"}}
	vecs := map[string]anyVec{
		"counters":    metric.NewCounterVec(metric.CounterOpts{Name: "m"}, labels).MetricVec,
		"gauges":      metric.NewGaugeVec(metric.GaugeOpts{Name: "m"}, labels).MetricVec,
		"histograms":  metric.NewHistogramVec(metric.HistogramOpts{Name: "m"}, labels).MetricVec,
		"infos":       metric.NewInfoVec(metric.InfoOpts{Name: "m"}, labels, nil).MetricVec,
		"summaries":   metric.NewSummaryVec(metric.SummaryOpts{Name: "m"}, labels).MetricVec,
		"constrained": metric.V2.NewGaugeVec(metric.GaugeVecOpts{GaugeOpts: metric.GaugeOpts{Name: "m"}, VariableLabels: constrained}).MetricVec,
		"custom": metric.NewMetricVec(desc, func(values ...string) metric.Metric {
			return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
		}),
	}
	for name, v := range vecs {
		t.Run(name, func(t *testing.T) {
			buf := &reused{make([]byte, 0, 1000)}
			curried := mustCurry(v, metric.Labels{"a": buf.string("curried")})
			buf.overwrite()
			for range 2 { // The second time, the series exist.
				for _, get := range []func() (metric.Metric, error){
					func() (metric.Metric, error) {
						return v.GetMetricWithLabelValues(buf.string("by values"), buf.string("x"))
					},
					func() (metric.Metric, error) {
						return v.GetMetricWith(metric.Labels{"a": buf.string("by name"), "b": buf.string("y")})
					},
					func() (metric.Metric, error) { return curried.GetMetricWithLabelValues(buf.string("z")) },
				} {
					m, err := get()
					if err != nil {
						t.Fatal(err)
					}
					buf.overwrite()
					if v := written(t, m).Label[0].GetValue(); strings.Contains(v, "!") {
						t.Errorf("the label has become %q", v)
					}
				}
			}
			want := []string{`a="by name",b="y"`, `a="by values",b="x"`, `a="curried",b="z"`}
			if got := series(t, v); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			for _, err := range []error{
				second(v.GetMetricWithLabelValues(buf.string("wrong"))).(error),
				second(v.GetMetricWithLabelValues(buf.string("a"), buf.string("wrong\xff"))).(error),
				second(v.GetMetricWith(metric.Labels{"a": buf.string("wrong")})).(error),
			} {
				buf.overwrite()
				if !strings.Contains(err.Error(), "wrong") {
					t.Errorf("the error has become %q", err)
				}
			}
		})
	}
}

// TestExemplarStringsAreCloned checks law 11 for the labels of exemplars.
func TestExemplarStringsAreCloned(t *testing.T) {
	buf := &reused{make([]byte, 0, 1000)}
	c := metric.NewCounter(metric.CounterOpts{Name: "c"})
	c.(metric.ExemplarAdder).AddWithExemplar(1, metric.Labels{buf.string("trace"): buf.string("id")})
	buf.overwrite()
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: []float64{1}})
	h.(metric.ExemplarObserver).ObserveWithExemplar(1, metric.Labels{buf.string("trace"): buf.string("id")})
	buf.overwrite()
	for _, pair := range append(
		written(t, c).GetCounter().GetExemplar().GetLabel(),
		written(t, h).GetHistogram().GetBucket()[0].GetExemplar().GetLabel()...,
	) {
		if pair.GetName() != "trace" || pair.GetValue() != "id" {
			t.Errorf("the label has become %v", pair)
		}
	}
}
