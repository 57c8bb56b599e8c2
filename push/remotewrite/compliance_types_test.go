package remotewrite_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
	"github.com/luxfi/metric/push/remotewrite"
)

// typeCases returns the cases for the types of metrics, their metadata and their exemplars.
func typeCases() []complianceCase {
	return []complianceCase{
		{
			name: "counter", pushes: 4,
			register: func(r *metric.ContextRegistry) func() {
				c := metric.NewCounter(metric.CounterOpts{Name: "counter"})
				r.MustRegister(c)
				return c.Inc
			},
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{"counter": {0, 1, 2, 3}})
				for _, s := range got.series("counter") {
					if start := s.Samples[0].StartStamp; got.version == remotewrite.V2 && (start < got.start-10_000 || start > got.end) {
						t.Errorf("the start timestamp is %d, want about %d", start, got.start)
					}
				}
			},
		},
		{
			name: "gauge", pushes: 2,
			register: func(r *metric.ContextRegistry) func() {
				r.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "now"}, func() float64 { return float64(time.Now().UnixMilli()) }))
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				series := got.series("now")
				if len(series) != 2 {
					t.Fatalf("got %d samples", len(series))
				}
				for _, s := range series {
					const near = 60_000
					if x := s.Samples[0]; math.Abs(x.Value-float64(x.Timestamp)) > near || x.StartStamp != 0 {
						t.Errorf("got %+v", x)
					}
				}
			},
		},
		{
			name: "classic histogram",
			register: func(r *metric.ContextRegistry) func() {
				h := metric.NewHistogram(metric.HistogramOpts{Name: "histogram", Buckets: []float64{1, 2}})
				h.Observe(1)
				h.Observe(2)
				r.MustRegister(h)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{
					`histogram_bucket{le="1.0"}`: {1}, `histogram_bucket{le="2.0"}`: {2}, `histogram_bucket{le="+Inf"}`: {2},
					"histogram_sum": {3}, "histogram_count": {2}, "histogram": nil,
				})
				for _, s := range got.series("histogram_count") {
					if (s.Samples[0].StartStamp != 0) != (got.version == remotewrite.V2) {
						t.Errorf("got %+v", s.Samples)
					}
				}
			},
		},
		{
			name: "summary",
			register: func(r *metric.ContextRegistry) func() {
				s := metric.NewSummary(metric.SummaryOpts{Name: "summary", Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}})
				for _, v := range []float64{1, 2, 3} {
					s.Observe(v)
				}
				r.MustRegister(s)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{
					`summary{quantile="0.5"}`: {2}, `summary{quantile="0.9"}`: {3}, `summary{quantile="0.99"}`: {3}, "summary_sum": {6}, "summary_count": {3},
				})
			},
		},
		{name: "native histogram", register: nativeHistogram, check: checkNativeHistogram},
		{
			name: "empty and large histograms",
			register: func(r *metric.ContextRegistry) func() {
				for name, n := range map[string]uint64{"empty": 0, "large": 1e9} {
					desc := prometheus.NewDesc(name, "", nil, nil)
					r.MustRegister(constant{desc, prometheus.MustNewConstHistogram(desc, n, 5*float64(n), nil)})
				}
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{
					"empty_count": {0}, "empty_sum": {0}, `empty_bucket{le="+Inf"}`: {0}, "large_count": {1e9}, "large_sum": {5e9},
				})
			},
		},
		{name: "exemplars", register: withExemplars, check: checkExemplars},
		{name: "metadata", register: described, check: checkMetadata},
	}
}

// constant is a collector of one metric.
type constant struct {
	desc   *prometheus.Desc
	metric prometheus.Metric
}

func (c constant) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }
func (c constant) Collect(ch chan<- prometheus.Metric) { ch <- c.metric }

func nativeHistogram(r *metric.ContextRegistry) func() {
	h := metric.NewHistogram(metric.HistogramOpts{Name: "native", NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: 0.5})
	for _, v := range []float64{-3, -3, 0, 1, 4, 4, 4} {
		h.Observe(v)
	}
	r.MustRegister(h)
	return nil
}

func checkNativeHistogram(t *testing.T, got *complianceResult) {
	series := got.series("native")
	if len(series) != 1 || len(series[0].Samples) > 0 || len(series[0].Histograms) != 1 {
		t.Fatalf("got %+v", series)
	}
	h := series[0].Histograms[0]
	if h.Count != 7 || h.Sum != 7 || h.Schema != 3 || h.ZeroCount != 1 || h.ZeroThreshold != 0.5 || h.Timestamp < got.start || h.Timestamp > got.end {
		t.Errorf("got %+v", h)
	}
	if (h.StartStamp != 0) != (got.version == remotewrite.V2) {
		t.Errorf("the start timestamp is %d", h.StartStamp)
	}
	if fmt.Sprint(h.PositiveDeltas) != "[1 2]" || fmt.Sprint(h.NegativeDeltas) != "[2]" || len(h.PositiveSpans) != 2 || len(h.NegativeSpans) != 1 {
		t.Errorf("got %+v", h)
	}
}

func withExemplars(r *metric.ContextRegistry) func() {
	c := metric.NewCounter(metric.CounterOpts{Name: "requests_total"})
	c.(prometheus.ExemplarAdder).AddWithExemplar(999, prometheus.Labels{"trace_id": "abc123", "span_id": "def456"})
	h := metric.NewHistogram(metric.HistogramOpts{Name: "duration", Buckets: []float64{0.1}})
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(0.05, prometheus.Labels{"trace_id": "abc123xyz"})
	r.MustRegister(c, h)
	return nil
}

func checkExemplars(t *testing.T, got *complianceResult) {
	for key, want := range map[string]writereqtest.Exemplar{
		"requests_total":            {Value: 999, Labels: []writereqtest.Label{{Name: "span_id", Value: "def456"}, {Name: "trace_id", Value: "abc123"}}},
		`duration_bucket{le="0.1"}`: {Value: 0.05, Labels: []writereqtest.Label{{Name: "trace_id", Value: "abc123xyz"}}},
	} {
		series := got.series(key)
		if len(series) != 1 || len(series[0].Exemplars) != 1 {
			t.Errorf("%s: got %+v", key, series)
			continue
		}
		x := series[0].Exemplars[0]
		if x.Timestamp < got.start-10_000 || x.Timestamp > got.end {
			t.Errorf("%s: the exemplar is from %d", key, x.Timestamp)
		}
		if x.Timestamp = 0; fmt.Sprint(x) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", key, x, want)
		}
	}
}

func described(r *metric.ContextRegistry) func() {
	counter := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Total 🚀 测试 yolo/d"})
	gauge := metric.NewGauge(metric.GaugeOpts{Name: "memory_bytes", Help: "Current memory usage", Unit: "bytes"})
	histogram := metric.NewHistogram(metric.HistogramOpts{Name: "duration_seconds", Buckets: []float64{1}})
	summary := metric.NewSummary(metric.SummaryOpts{Name: "rpc_seconds", Objectives: map[float64]float64{0.5: 0.05}})
	r.MustRegister(counter, gauge, histogram, summary)
	return nil
}

func checkMetadata(t *testing.T, got *complianceResult) {
	const counter, gauge, histogram, summary = 1, 2, 3, 5
	families := map[string]writereqtest.Metadata{
		"requests_total": {Type: counter, Help: "Total 🚀 测试 yolo/d"}, "memory_bytes": {Type: gauge, Help: "Current memory usage", Unit: "bytes"},
		"duration_seconds": {Type: histogram}, "rpc_seconds": {Type: summary},
	}
	if got.version == remotewrite.V1 {
		if len(got.requests[0].Metadata) != len(families) {
			t.Errorf("got %+v", got.requests[0].Metadata)
		}
		for _, m := range got.requests[0].Metadata {
			family := m.Family
			if m.Family = ""; m != families[family] {
				t.Errorf("%s: got %+v, want %+v", family, m, families[family])
			}
		}
		return
	}
	for key, family := range map[string]string{
		"requests_total": "requests_total", "memory_bytes": "memory_bytes", "duration_seconds_sum": "duration_seconds", "duration_seconds_count": "duration_seconds",
		`duration_seconds_bucket{le="1.0"}`: "duration_seconds", `rpc_seconds{quantile="0.5"}`: "rpc_seconds", "rpc_seconds_count": "rpc_seconds",
	} {
		series := got.series(key)
		if len(series) != 1 || series[0].Metadata == nil || *series[0].Metadata != families[family] {
			t.Errorf("%s: got %+v, want %+v", key, series, families[family])
		}
	}
}
