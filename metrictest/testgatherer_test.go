package metrictest_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// registry returns a registry with collectors of all kinds.
func registry() *metric.ContextRegistry {
	r := metric.NewContextRegistry(metric.WithConcurrency(4))
	h := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1, 2}}, []string{"l"})
	for i := range 10 {
		h.WithLabelValues("a").Observe(float64(i) / 2)
		h.WithLabelValues("b").Observe(float64(i))
	}
	s := metric.NewSummary(metric.SummaryOpts{Name: "s", Help: "s", Objectives: map[float64]float64{0.5: 0.05}})
	s.Observe(1)
	r.MustRegister(h, s,
		metric.NewUntypedFunc(metric.UntypedOpts{Name: "u"}, func() float64 { return 1 }),
		metrictest.New("good", metrictest.Healthy()),
		metrictest.New("streamed", metrictest.Flooding(100)).Stream(),
		metrictest.New("plain", metrictest.Healthy()).Plain(),
	)
	return r
}

func TestGoodGatherers(t *testing.T) {
	theirs := prometheus.NewRegistry()
	theirs.MustRegister(metrictest.New("good", metrictest.Healthy()).Plain())
	multi := metric.NewLabelGatherer("part")
	for _, name := range []string{"a", "b"} {
		if err := multi.Register(name, registry()); err != nil {
			t.Fatal(err)
		}
	}
	for name, g := range map[string]metric.Gatherer{
		"ours":            registry(),
		"pedantic":        metric.NewPedanticContextRegistry(),
		"client_golang's": theirs,
		"multi":           multi,
		"sharded":         metric.NewShardedGatherer(multi),
		"gatherers":       metric.Gatherers{theirs, multi},
		"bound":           metric.BindGatherer(t.Context(), registry()),
		"default":         prometheus.DefaultGatherer,
		"no-op":           metric.NewNoOpRegistry(),
	} {
		t.Run(name, func(t *testing.T) { metrictest.TestGatherer(t, g) })
	}
}

// TestSlowGatherer checks a gatherer that returns partial results.
func TestSlowGatherer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry()
		r.MustRegister(metrictest.New("slow", metrictest.Slow(time.Second)))
		metrictest.TestGatherer(t, r)
	})
}

// family returns a family of gauges with one label.
func family(name string, values ...string) *metric.MetricFamily {
	f := &metric.MetricFamily{Name: &name, Type: metric.MetricTypeGauge.Enum()}
	for _, v := range values {
		data := new(metric.MetricData)
		_ = gauge(v).Write(data)
		f.Metric = append(f.Metric, data)
	}
	return f
}

func TestBadFamilies(t *testing.T) {
	with := func(change func(*metric.MetricFamily)) []*metric.MetricFamily {
		f := family("a", "x", "y")
		change(f)
		return []*metric.MetricFamily{f}
	}
	histogram := func(change func(*metric.MetricData)) []*metric.MetricFamily {
		h := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: []float64{1, 2}})
		h.Observe(1.5)
		data := new(metric.MetricData)
		_ = h.Write(data)
		change(data)
		return []*metric.MetricFamily{{Name: proto.String("h"), Type: metric.MetricTypeHistogram.Enum(), Metric: []*metric.MetricData{data}}}
	}
	for want, families := range map[string][]*metric.MetricFamily{
		"sorted by name, so":       {family("b", "x"), family("a", "x")},
		"comes twice; its metrics": {family("a", "x"), family("a", "y")},
		"a family that is nil":     {nil},
		"it has no name":           {family("", "x")},
		"valid UTF-8":              {family("a\xff", "x")},
		"labels must be valid":     with(func(f *metric.MetricFamily) { f.Metric[0].Label[0].Value = proto.String("\xff") }),
		"it has no metrics":        {family("a")},
		"a metric is nil":          with(func(f *metric.MetricFamily) { f.Metric[1] = nil }),
		"a label is nil":           with(func(f *metric.MetricFamily) { f.Metric[1].Label[0] = nil }),
		"the series {":             {family("a", "x", "x")},
		"no value of type counter": with(func(f *metric.MetricFamily) { f.Type = metric.MetricTypeCounter.Enum() }),
		"the label \"l\" comes twice": with(func(f *metric.MetricFamily) {
			f.Metric[0].Label = append(f.Metric[0].Label, f.Metric[0].Label[0])
		}),
		"labels must be sorted": with(func(f *metric.MetricFamily) {
			f.Metric[0].Label = append(f.Metric[0].Label, &metric.LabelPair{Name: proto.String("a"), Value: proto.String("b")})
		}),
		"but the histogram counts 7": histogram(func(m *metric.MetricData) {
			m.Histogram.Bucket[1].UpperBound = proto.Float64(math.Inf(1))
			m.Histogram.SampleCount = proto.Uint64(7)
		}),
		"counts 1, but the histogram counts 0": histogram(func(m *metric.MetricData) { m.Histogram.SampleCount = proto.Uint64(0) }),
		"counts less than the one before":      histogram(func(m *metric.MetricData) { m.Histogram.Bucket[0].CumulativeCount = proto.Uint64(2) }),
		"comes after":                          histogram(func(m *metric.MetricData) { m.Histogram.Bucket[0].UpperBound = proto.Float64(2) }),
	} {
		t.Run(want, func(t *testing.T) {
			var r recorder
			metrictest.TestGatherer(&r, metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return families, nil }))
			r.want(t, want)
		})
	}
}

func TestBadGatherers(t *testing.T) {
	whole := []*metric.MetricFamily{family("a", "x"), family("b", "x")}
	var mu sync.Mutex
	shared := []*metric.MetricFamily{family("a", "x")}
	for name, test := range map[string]struct {
		gather func(ctx context.Context, call int64) ([]*metric.MetricFamily, error)
		want   string
	}{
		"fails":  {func(context.Context, int64) ([]*metric.MetricFamily, error) { return whole, errors.New("no luck") }, "no luck"},
		"panics": {func(context.Context, int64) ([]*metric.MetricFamily, error) { panic("boom") }, "panicked: boom"},
		"hangs": {func(ctx context.Context, _ int64) ([]*metric.MetricFamily, error) {
			if ctx.Err() != nil {
				time.Sleep(time.Hour)
			}
			return whole, nil
		}, "did not return within 2s after its context was canceled"},
		"is silent": {func(ctx context.Context, _ int64) ([]*metric.MetricFamily, error) {
			select {
			case <-ctx.Done():
				return whole[:1], nil
			default:
				return whole, nil
			}
		}, "a partial result without an error"},
		"hides the reason": {func(ctx context.Context, _ int64) ([]*metric.MetricFamily, error) {
			if ctx.Err() != nil {
				return whole, errors.New("no luck")
			}
			return whole, nil
		}, "does not say so"},
		"breaks down": {func(ctx context.Context, _ int64) ([]*metric.MetricFamily, error) {
			if ctx.Err() != nil {
				return []*metric.MetricFamily{whole[1], whole[0]}, ctx.Err()
			}
			return whole, nil
		}, "a partial result that a handler cannot serve"},
		"leaks": {func(context.Context, int64) ([]*metric.MetricFamily, error) {
			go time.Sleep(time.Hour)
			return whole, nil
		}, "have not ended within"},
		"changes results": {func(_ context.Context, call int64) ([]*metric.MetricFamily, error) {
			mu.Lock()
			defer mu.Unlock()
			shared[0].Metric[0].Gauge.Value = proto.Float64(float64(call))
			return shared, nil
		}, "changed it later"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(24 * time.Hour)
				var (
					r     recorder
					calls atomic.Int64
				)
				metrictest.TestGatherer(&r, metric.GathererWithContextFunc(func(ctx context.Context) ([]*metric.MetricFamily, error) {
					return test.gather(ctx, calls.Add(1))
				}))
				r.want(t, test.want)
			})
		})
	}
}
