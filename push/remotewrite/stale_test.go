package remotewrite_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// TestNoMarkerForLiveSeries checks that a series that moves from one family to another gets no stale
// marker. The marker would have the same timestamp as the new sample.
func TestNoMarkerForLiveSeries(t *testing.T) {
	const none = 0
	newGauge := func(name string) metric.Collector {
		g := metric.NewGauge(metric.GaugeOpts{Name: name, Help: "Of a test."})
		g.Set(3)
		return g
	}
	newHistogram := func(factor float64, buckets ...float64) metric.Collector {
		return metric.NewHistogram(metric.HistogramOpts{
			Name: "x", Help: "Of a test.", Buckets: buckets, NativeHistogramBucketFactor: factor,
		})
	}
	newSummary := func(quantiles ...float64) metric.Collector {
		objectives := map[float64]float64{}
		for _, q := range quantiles {
			objectives[q] = 0.01
		}
		return metric.NewSummary(metric.SummaryOpts{Name: "x", Help: "Of a test.", Objectives: objectives})
	}
	tests := map[string]struct {
		before, after metric.Collector
		live, ended   []string
	}{
		"counter to gauge":      {newCounter("x"), newGauge("x"), []string{"x"}, nil},
		"native to gauge":       {newHistogram(1.1), newGauge("x"), []string{"x"}, nil},
		"gauge to native":       {newGauge("x"), newHistogram(1.1), []string{"x"}, nil},
		"classic to gauge":      {newHistogram(none, 1), newGauge("x"), []string{"x"}, []string{"x_sum", "x_count", `x_bucket{le="1.0"}`}},
		"classic to its count":  {newHistogram(none, 1), newGauge("x_count"), []string{"x_count"}, []string{"x_sum", `x_bucket{le="+Inf"}`}},
		"a sum to the summary":  {newGauge("x_sum"), newSummary(0.5), []string{"x_sum"}, nil},
		"summary to histogram":  {newSummary(0.5), newHistogram(none, 1), []string{"x_sum", "x_count"}, []string{`x{quantile="0.5"}`}},
		"histogram to summary":  {newHistogram(none, 1), newSummary(0.5), []string{"x_sum", "x_count"}, []string{`x_bucket{le="1.0"}`}},
		"another name, as ever": {newGauge("x"), newGauge("y"), []string{"y"}, []string{"x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reg, r := registryOf(test.before), newReceiver(t)
			p := newPusher(t, r, reg, remotewrite.Opts{})
			push(t, p)
			reg.Unregister(test.before)
			reg.MustRegister(test.after)
			push(t, p)
			for _, key := range test.live {
				if got := r.series(key); len(got) == 0 || got[len(got)-1].stale() {
					t.Errorf("%s: got %v, want no stale marker", key, got)
				}
			}
			for _, key := range test.ended {
				if got := r.series(key); len(got) != 2 || !got[1].stale() {
					t.Errorf("%s: got %v, want a sample and a stale marker", key, got)
				}
			}
		})
	}
}

// streamFunc adapts a function to a stream collector of the families s and t.
type streamFunc func(ctx context.Context, sink *metric.Sink) error

func (f streamFunc) Describe(ch chan<- *metric.Desc) { ch <- streamS; ch <- streamT }
func (f streamFunc) Collect(chan<- metric.Metric)    {}
func (f streamFunc) CollectTo(ctx context.Context, s *metric.Sink) error {
	return f(ctx, s)
}

var (
	streamS = prometheus.NewDesc("s", "Of a test.", []string{"l"}, nil)
	streamT = prometheus.NewDesc("t", "Of a test.", []string{"l"}, nil)
)

// TestCancelledPushEndsNothing checks that a push that is canceled in the middle of a family marks no
// series as stale, neither in that family nor in others, for any cause of the cancellation.
func TestCancelledPushEndsNothing(t *testing.T) {
	for name, cause := range map[string]error{"canceled": nil, "with a cause": errors.New("another goroutine has failed")} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			pushes := 0
			reg, r := registryOf(streamFunc(func(during context.Context, sink *metric.Sink) error {
				pushes++
				if err := sink.Gauge(streamS, 1, "a"); err != nil {
					return err
				}
				if pushes == 2 {
					cancel(cause)
					<-during.Done()
					return during.Err()
				}
				return errors.Join(sink.Gauge(streamS, 1, "b"), sink.Gauge(streamT, 1, "b"))
			})), newReceiver(t)
			p := newPusher(t, r, reg, remotewrite.Opts{})
			push(t, p)
			if err := p.Push(ctx); err == nil {
				t.Error("a canceled push has no error")
			}
			push(t, p)
			for _, key := range []string{`s{l="b"}`, `t{l="b"}`} {
				if got := r.values(key); !slices.Equal(got, []float64{1, 1}) {
					t.Errorf("%s: got %v, want no stale marker", key, got)
				}
			}
		})
	}
}
