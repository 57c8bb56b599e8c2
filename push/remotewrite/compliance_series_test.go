package remotewrite_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// labeled is a metric with arbitrary labels, even ones that are not valid.
type labeled struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
}

func (l labeled) Desc() *prometheus.Desc { return l.desc }

func (l labeled) Write(m *dto.Metric) error {
	m.Label, m.Gauge = l.labels, &dto.Gauge{Value: new(1.0)}
	return nil
}

// badMetrics registers a metric that has the same label twice, and a valid metric.
func badMetrics(r *metric.ContextRegistry) func() {
	desc := prometheus.NewDesc("repeated", "", []string{"a"}, nil)
	pair := &dto.LabelPair{Name: new("a"), Value: new("1")}
	r.MustRegister(constant{desc, labeled{desc, []*dto.LabelPair{pair, pair}}})
	return oneGauge(r)
}

// labelCases returns the cases for the labels of series. All cases check that labels are sorted, not
// repeated and not empty, and that each series has a name.
func labelCases() []complianceCase {
	vector := func(name string, labels ...string) func(*metric.ContextRegistry) func() {
		return func(r *metric.ContextRegistry) func() {
			var names, values []string
			for i := 0; i < len(labels); i += 2 {
				names, values = append(names, labels[i]), append(values, labels[i+1])
			}
			v := metric.NewGaugeVec(metric.GaugeOpts{Name: name}, names)
			v.WithLabelValues(values...).Set(1)
			r.MustRegister(v)
			return nil
		}
	}
	wants := func(keys ...string) func(*testing.T, *complianceResult) {
		return func(t *testing.T, got *complianceResult) {
			for _, key := range keys {
				got.want(t, map[string][]float64{key: {1}})
			}
		}
	}
	long, longName := strings.Repeat("x", 10_000), "metric_"+strings.Repeat("very_long_name_", 50)
	return []complianceCase{
		{name: "labels", register: vector("test", "b", "2", "a", "1", "Z", "3"), check: wants(`test{Z="3",a="1",b="2"}`)},
		{name: "empty label", register: vector("test", "foo", "", "bar", "qux"), check: wants(`test{bar="qux"}`)},
		{name: "unicode", register: vector("test", "chinese", "测试", "emoji", "🚀"), check: wants(`test{chinese="测试",emoji="🚀"}`)},
		{name: "names", register: vector("http:request:duration:seconds"), check: wants("http:request:duration:seconds")},
		{name: "long strings", register: vector(longName, "a", long), check: wants(longName + `{a="` + long + `"}`)},
		{
			name: "external labels", opts: remotewrite.Opts{ExternalLabels: prometheus.Labels{"job": "test", "instance": "a:1"}},
			register: func(r *metric.ContextRegistry) func() {
				vector("own", "job", "original")(r)
				return vector("test")(r)
			},
			check: wants(`test{instance="a:1",job="test"}`, `own{instance="a:1",job="original"}`),
		},
		{
			name: "repeated label", register: badMetrics,
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{"gauge": {42}})
				for _, q := range got.requests {
					for _, s := range q.Series {
						if s.Get("__name__") == "repeated" {
							t.Errorf("got %+v", s)
						}
					}
				}
			},
		},
		{
			name: "all types",
			register: func(r *metric.ContextRegistry) func() {
				described(r)
				return nativeHistogram(r)
			},
			check: func(t *testing.T, got *complianceResult) {
				if len(got.requests) != 1 || len(got.requests[0].Series) != 2+4+3+1 {
					t.Errorf("got %+v", got.requests)
				}
			},
		},
	}
}

const staleBits = 0x7ff0000000000002

// sampleCases returns the cases for values, timestamps and stale markers.
func sampleCases() []complianceCase {
	special := map[string]float64{
		"nan": math.NaN(), "inf": math.Inf(+1), "ninf": math.Inf(-1), "zero": 0, "negative": -123.45, "precise": 0.1 + 0.2, "tiny": math.SmallestNonzeroFloat64,
	}
	future := time.Now().Add(24 * time.Hour)
	return []complianceCase{
		{
			name: "special values",
			register: func(r *metric.ContextRegistry) func() {
				v := metric.NewGaugeVec(metric.GaugeOpts{Name: "special"}, []string{"type"})
				for kind, value := range special {
					v.WithLabelValues(kind).Set(value)
				}
				r.MustRegister(v)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				for kind, value := range special {
					got.want(t, map[string][]float64{`special{type="` + kind + `"}`: {value}})
				}
			},
		},
		{
			name: "timestamps", pushes: 5, register: oneGauge,
			check: func(t *testing.T, got *complianceResult) {
				ms := got.timestamps("gauge")
				const ahead = 10 // pushes in the same millisecond
				if len(ms) != 5 || !slices.IsSorted(ms) || len(slices.Compact(ms)) != 5 || ms[0] < got.start || ms[4] > got.end+ahead {
					t.Errorf("got %d between %d and %d", ms, got.start, got.end)
				}
			},
		},
		{
			name: "explicit timestamp",
			register: func(r *metric.ContextRegistry) func() {
				for name, at := range map[string]time.Time{"future": future, "zero": time.UnixMilli(0)} {
					desc := prometheus.NewDesc(name, "", nil, nil)
					r.MustRegister(constant{desc, prometheus.NewMetricWithTimestamp(at, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, 1))})
				}
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				if ms := got.timestamps("future"); !slices.Equal(ms, []int64{future.UnixMilli()}) {
					t.Errorf("got %d, want %d", ms, future.UnixMilli())
				}
				if ms := got.timestamps("zero"); !slices.Equal(ms, []int64{0}) {
					t.Errorf("got %d, want 0", ms)
				}
			},
		},
		{
			name: "staleness", pushes: 3,
			register: func(r *metric.ContextRegistry) func() {
				c := metric.NewGauge(metric.GaugeOpts{Name: "stale"})
				r.MustRegister(c)
				return func() { r.Unregister(c) }
			},
			check: func(t *testing.T, got *complianceResult) {
				got.want(t, map[string][]float64{"stale": {0, math.Float64frombits(staleBits)}})
			},
		},
		{
			name: "staleness at the end", close: true, register: oneGauge,
			check: func(t *testing.T, got *complianceResult) {
				values, ms := got.values("gauge"), got.timestamps("gauge")
				if n := len(values); n < 2 || math.Float64bits(values[n-1]) != staleBits || ms[n-1] <= ms[n-2] {
					t.Errorf("got %v at %d", values, ms)
				}
			},
		},
		{
			name: "ordering", pushes: 4, answers: delays(30), opts: remotewrite.Opts{MaxSamples: 100},
			register: func(r *metric.ContextRegistry) func() {
				v := metric.NewGaugeVec(metric.GaugeOpts{Name: "test"}, []string{"i"})
				for i := range 500 {
					v.WithLabelValues(strconv.Itoa(i)).Set(1)
				}
				r.MustRegister(v)
				return nil
			},
			check: func(t *testing.T, got *complianceResult) {
				last := map[string]int64{}
				n := 0
				for _, q := range got.accepted() {
					for i := range q.Series {
						key, ms := q.Series[i].Key(), q.Series[i].Samples[0].Timestamp
						if ms <= last[key] {
							t.Errorf("%s: %d comes after %d", key, ms, last[key])
						}
						last[key] = ms
						n++
					}
				}
				if n != 2000 || len(last) != 500 {
					t.Errorf("%d samples of %d series", n, len(last))
				}
			},
		},
	}
}

// delays returns n responses, each after a random delay.
func delays(n int) (answers []complianceAnswer) {
	for range n {
		answers = append(answers, complianceAnswer{status: 204, delay: rand.N(10 * time.Millisecond)})
	}
	return answers
}
