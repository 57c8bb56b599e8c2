package metric_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

var (
	_ metric.ExemplarObserver = metric.NewHistogram(metric.HistogramOpts{}).(metric.ExemplarObserver)
	_ metric.ObserverVec      = (*metric.HistogramVec)(nil)
	_ metric.ObserverVec      = (*metric.SummaryVec)(nil)
)

// oddValues are on, just below and just above bounds, and beyond them.
var oddValues = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.005, math.Nextafter(1, 0), math.Nextafter(1, 2), 2.5, 10, 10.5, 16, 1e-130, -1e-130,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
}

var manyBounds = prometheus.LinearBuckets(-2, 0.25, 60)

// TestHistogramEqualsClientGolang checks that a histogram of ours and one of client_golang write the
// same metric after the same calls.
func TestHistogramEqualsClientGolang(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts prometheus.HistogramOpts
	}{
		{"default buckets", prometheus.HistogramOpts{}},
		{"empty buckets", prometheus.HistogramOpts{Buckets: []float64{}}},
		{"one bucket", prometheus.HistogramOpts{Buckets: []float64{1}}},
		{"negative buckets", prometheus.HistogramOpts{Buckets: []float64{math.Inf(-1), -1, 0, 1}}},
		{"buckets with +Inf", prometheus.HistogramOpts{Buckets: []float64{1, 2.5, math.Inf(1)}}},
		{"only +Inf", prometheus.HistogramOpts{Buckets: []float64{math.Inf(1)}}},
		{"many buckets", prometheus.HistogramOpts{Buckets: manyBounds}},
		{"many buckets with +Inf", prometheus.HistogramOpts{Buckets: append(slices.Clone(manyBounds), math.Inf(1))}},
		{"native", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1}},
		{"native without zero bucket", prometheus.HistogramOpts{
			NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: prometheus.NativeHistogramZeroThresholdZero,
		}},
		{"native with wide zero bucket", prometheus.HistogramOpts{NativeHistogramBucketFactor: 4, NativeHistogramZeroThreshold: 2.5}},
		{"native and classic", prometheus.HistogramOpts{NativeHistogramBucketFactor: 70000, Buckets: []float64{1, 10}}},
		{"factor 1 is not native", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1}},
		{"factor just above 1", prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.0001}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.opts.Name = "h"
				tt.opts.ConstLabels = prometheus.Labels{"b": "2", "a": "1"}
				ours, theirs := metric.NewHistogram(tt.opts), prometheus.NewHistogram(tt.opts)
				sameMetric(t, ours, theirs)
				for _, v := range oddValues {
					time.Sleep(time.Second)
					ours.Observe(v)
					theirs.Observe(v)
					sameMetric(t, ours, theirs)
				}
				for _, v := range manyBounds {
					ours.Observe(v)
					theirs.Observe(v)
				}
				sameMetric(t, ours, theirs)
			})
		})
	}
}

// TestHistogramKeepsItsBounds checks that a histogram does not share its bounds with the caller.
func TestHistogramKeepsItsBounds(t *testing.T) {
	bounds := []float64{1, 2, 3}
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: bounds})
	bounds[0] = 100
	h.Observe(1)
	if b := written(t, h).GetHistogram().GetBucket()[0]; b.GetUpperBound() != 1 || b.GetCumulativeCount() != 1 {
		t.Errorf("the bounds of the options are shared: %v", b)
	}
}

// TestHistogramPanics checks that invalid options panic as in client_golang.
func TestHistogramPanics(t *testing.T) {
	for _, tt := range []struct {
		name   string
		opts   prometheus.HistogramOpts
		labels []string
	}{
		{"equal bounds", prometheus.HistogramOpts{Buckets: []float64{1, 2, 2}}, nil},
		{"falling bounds", prometheus.HistogramOpts{Buckets: []float64{1, 3, 2}}, nil},
		{"+Inf twice", prometheus.HistogramOpts{Buckets: []float64{1, math.Inf(1), math.Inf(1)}}, nil},
		{"+Inf in the middle", prometheus.HistogramOpts{Buckets: []float64{1, math.Inf(1), 2}}, nil},
		{"constant label le", prometheus.HistogramOpts{ConstLabels: prometheus.Labels{"le": "1"}}, nil},
		{"variable label le", prometheus.HistogramOpts{}, []string{"a", "le"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Name = "h"
			values := make([]string, len(tt.labels))
			samePanic(t,
				func() { metric.NewHistogramVec(tt.opts, tt.labels).WithLabelValues(values...) },
				func() { prometheus.NewHistogramVec(tt.opts, tt.labels).WithLabelValues(values...) },
			)
			if tt.labels == nil {
				samePanic(t, func() { metric.NewHistogram(tt.opts) }, func() { prometheus.NewHistogram(tt.opts) })
			}
		})
	}
}

// TestHistogramExemplars compares the exemplars of histograms with client_golang's.
func TestHistogramExemplars(t *testing.T) {
	for _, opts := range []prometheus.HistogramOpts{
		{Name: "classic", Buckets: []float64{1, 2, 4}},
		{Name: "classic_with_inf", Buckets: []float64{1, math.Inf(1)}},
		{Name: "many", Buckets: manyBounds},
		{Name: "native", NativeHistogramBucketFactor: 1.5},
		{Name: "native_few", NativeHistogramBucketFactor: 1.5, NativeHistogramMaxExemplars: 3, NativeHistogramExemplarTTL: 8 * time.Second},
		{Name: "native_one", NativeHistogramBucketFactor: 1.5, NativeHistogramMaxExemplars: 1},
		{Name: "native_none", NativeHistogramBucketFactor: 1.5, NativeHistogramMaxExemplars: -1},
		{Name: "both", NativeHistogramBucketFactor: 1.5, Buckets: []float64{1, 2}},
	} {
		t.Run(opts.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := metric.NewHistogram(opts), prometheus.NewHistogram(opts)
				for i, v := range []float64{0.5, 1, 1.5, 100, 101, 0.25, 3, 7, 2000, 0.125, 1.75, 12, 13, 14, math.Inf(1)} {
					time.Sleep(time.Second)
					labels := metric.Labels{"i": strconv.Itoa(i)}
					ours.(metric.ExemplarObserver).ObserveWithExemplar(v, labels)
					theirs.(metric.ExemplarObserver).ObserveWithExemplar(v, labels)
					sameMetric(t, ours, theirs)
				}
			})
		})
	}
	for _, tt := range exemplarCases {
		t.Run("labels "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := prometheus.HistogramOpts{Name: "h", Buckets: []float64{1}, NativeHistogramBucketFactor: 2}
				ours, theirs := metric.NewHistogram(opts), prometheus.NewHistogram(opts)
				for _, v := range []float64{0.5, 3, math.NaN()} {
					observe := func() { ours.(metric.ExemplarObserver).ObserveWithExemplar(v, tt.labels) }
					observeTheirs := func() { theirs.(metric.ExemplarObserver).ObserveWithExemplar(v, tt.labels) }
					if tt.panics {
						samePanic(t, observe, observeTheirs)
					} else {
						observe()
						observeTheirs()
					}
				}
				sameMetric(t, ours, theirs) // The histogram counts in any case.
			})
		})
	}
}

// TestHistogramInfBucket checks that the +Inf bucket is written only if it has an exemplar.
func TestHistogramInfBucket(t *testing.T) {
	h := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: []float64{1}})
	h.Observe(2)
	if n := len(written(t, h).GetHistogram().GetBucket()); n != 1 {
		t.Errorf("got %d buckets without an exemplar, want 1", n)
	}
	h.(metric.ExemplarObserver).ObserveWithExemplar(3, metric.Labels{"a": "b"})
	buckets := written(t, h).GetHistogram().GetBucket()
	if len(buckets) != 2 || !math.IsInf(buckets[1].GetUpperBound(), 1) || buckets[1].GetCumulativeCount() != 2 ||
		buckets[1].GetExemplar().GetValue() != 3 {
		t.Errorf("got buckets %v", buckets)
	}
}

// TestHistogramVecChildren checks that histograms of a vector each have a start timestamp, and
// share nothing.
func TestHistogramVecChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := prometheus.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 2, Buckets: prometheus.DefBuckets}
		ours, theirs := metric.NewHistogramVec(opts, []string{"a"}), prometheus.NewHistogramVec(opts, []string{"a"})
		for i, value := range []string{"x", "y", "x"} {
			time.Sleep(time.Second)
			ours.WithLabelValues(value).Observe(float64(i))
			theirs.WithLabelValues(value).Observe(float64(i))
		}
		sameMetric(t, ours.WithLabelValues("x"), theirs.WithLabelValues("x"))
		sameMetric(t, ours.WithLabelValues("y"), theirs.WithLabelValues("y"))
		if proto.Equal(written(t, ours.WithLabelValues("x")), written(t, ours.WithLabelValues("y"))) {
			t.Error("both children are the same")
		}
	})
}

// TestObserverN checks that histograms of every origin count many observations at once.
func TestObserverN(t *testing.T) {
	vec := metric.NewHistogramVec(metric.HistogramOpts{Name: "m"}, []string{"a"})
	noOp := metric.NewNoOp()
	for name, o := range map[string]metric.Observer{
		"alone":               metric.NewHistogram(metric.HistogramOpts{Name: "m"}),
		"of a vector":         vec.WithLabelValues("x"),
		"of a curried vector": vec.MustCurryWith(metric.Labels{"a": "y"}).WithLabelValues(),
		"bridged":             metric.BridgeHistogramVec(vec).WithLabelValues("z"),
		"no-op":               noOp.NewHistogram("m", "", nil),
		"of a no-op vector":   noOp.NewHistogramVec("m", "", []string{"a"}, nil).WithLabelValues("x"),
	} {
		t.Run(name, func(t *testing.T) {
			n := o.(metric.ObserverN)
			n.ObserveN(0.25, 3)
			n.ObserveN(100, 0)
			n.ObserveN(2, 1)
			got := written(t, o).GetHistogram()
			if got.GetSampleCount() != 4 || got.GetSampleSum() != 2.75 || got.GetBucket()[5].GetCumulativeCount() != 3 {
				t.Errorf("got %v; want four observations, of which three are at most 0.25, with the sum 2.75", got)
			}
		})
	}
	new(metric.HistogramVec).WithLabelValues("x").(metric.ObserverN).ObserveN(1, 1) // It remembers nothing.
}
