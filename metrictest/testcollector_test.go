package metrictest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/goleak"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder records the reports of checks.
type recorder struct {
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// want checks that the first report contains text.
func (r *recorder) want(t *testing.T, text string) {
	t.Helper()
	if len(r.failures) == 0 {
		t.Fatalf("nothing was reported, want %q", text)
	}
	if !strings.Contains(r.failures[0], text) {
		t.Errorf("reported were %q, want %q", r.failures, text)
	}
}

var desc = metric.NewDesc("test", "Of a test.", []string{"l"}, nil)

func gauge(label string) metric.Metric {
	return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, label)
}

func describe(ch chan<- *metric.Desc) { ch <- desc }

// plain is a collector made of functions that take no context.
type plain struct {
	describe func(chan<- *metric.Desc)
	collect  func(chan<- metric.Metric)
}

func (p plain) Describe(ch chan<- *metric.Desc) { p.describe(ch) }
func (p plain) Collect(ch chan<- metric.Metric) { p.collect(ch) }

func TestGoodCollectors(t *testing.T) {
	vec := metric.NewCounterVec(metric.CounterOpts{Name: "vec_total", Help: "h"}, []string{"l"})
	for i := range 100 {
		vec.WithLabelValues(fmt.Sprint(i)).Inc()
	}
	nested := metric.NewContextRegistry()
	nested.MustRegister(vec)
	for name, c := range map[string]metric.Collector{
		"context":            metrictest.New("good", metrictest.Healthy()),
		"stream":             metrictest.New("good", metrictest.Healthy()).Stream(),
		"plain":              metrictest.New("good", metrictest.Healthy()).Plain(),
		"many series":        metrictest.New("good", metrictest.Flooding(200)),
		"many streamed":      metrictest.New("good", metrictest.Flooding(200)).Stream(),
		"vector":             vec,
		"histogram":          metric.NewHistogram(metric.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1}),
		"function":           metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, func() float64 { return 1 }),
		"unchecked":          metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) { ch <- gauge("a") }),
		"adapter":            metric.NewCollectorAdapter(metrictest.New("good", metrictest.Healthy()).Plain()),
		"wrapped":            metric.WrapCollectorWith(metric.Labels{"a": "b"}, metrictest.New("good", metrictest.Healthy())),
		"registry":           nested,
		"series that change": changing(),
		"Go runtime":         collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		"process":            collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		"a pool":             pooled(t),
	} {
		t.Run(name, func(t *testing.T) { metrictest.TestCollector(t, c) })
	}
}

// TestSlowCollectors checks slow collectors in a bubble, where waiting takes no time.
func TestSlowCollectors(t *testing.T) {
	for kind := range roads(metrictest.Healthy()) {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				metrictest.TestCollector(t, roads(metrictest.Slow(10 * time.Second))[kind].collector)
			})
		})
	}
}

// changing returns a collector that has another series in each run.
func changing() metric.Collector {
	var runs atomic.Int64
	return plain{describe, func(ch chan<- metric.Metric) { ch <- gauge(fmt.Sprint(runs.Add(1))) }}
}

// pooled returns a collector that starts a few goroutines when it is first used, and keeps them.
func pooled(t *testing.T) metric.Collector {
	work := make(chan func())
	t.Cleanup(func() { close(work) })
	var workers atomic.Int64
	return metric.NewCollectorFunc(describe, func(_ context.Context, ch chan<- metric.Metric) {
		if workers.Add(1) <= 3 {
			go func() {
				for f := range work {
					f()
				}
			}()
		}
		done := make(chan struct{})
		work <- func() { ch <- gauge("a"); close(done) }
		<-done
	})
}

// roads returns collectors of the three kinds with one behaviour.
func roads(b metrictest.Behaviour) map[string]road {
	withContext, stream, plain := metrictest.New("bad", b), metrictest.New("bad", b), metrictest.New("bad", b)
	return map[string]road{
		"context": {withContext, withContext},
		"stream":  {stream.Stream(), stream},
		"plain":   {plain.Plain(), plain},
	}
}

type road struct {
	collector metric.Collector
	controls  *metrictest.Collector
}

// hangingWhenCanceled is a behaviour that is healthy until its context ends, and then hangs.
func hangingWhenCanceled(ctx context.Context, r *metrictest.Run) error {
	if ctx.Err() != nil {
		<-r.Released()
	}
	return metrictest.Healthy()(ctx, r)
}

func undescribed(ctx context.Context, r *metrictest.Run) error {
	return r.SendMetric(ctx, metric.MustNewConstMetric(metric.NewDesc("other", "h", nil, nil), metric.GaugeValue, 1))
}

// TestBadCollectors checks that each broken rule is reported, for collectors of each kind.
func TestBadCollectors(t *testing.T) {
	for name, test := range map[string]struct {
		behaviour metrictest.Behaviour
		want      string
		innocent  string // the kind of collector that cannot break the rule
	}{
		"panics":               {metrictest.Panicking("boom"), "boom", ""},
		"exits":                {metrictest.Exiting(), "runtime.Goexit", ""},
		"fails":                {metrictest.Failing(errors.New("no luck")), "no luck", ""},
		"sends twice":          {metrictest.Duplicating(), "collected before", ""},
		"is inconsistent":      {metrictest.Inconsistent(), "scrapes leave out", ""},
		"sends the unknown":    {undescribed, "unregistered descriptor", ""},
		"closes":               {metrictest.ClosingChannel(), "closed", "stream"},
		"leaks":                {metrictest.Leaking(), "have not ended within", ""},
		"sends late":           {metrictest.LateSending(20 * time.Millisecond), "after it had returned", ""},
		"sends very late":      {metrictest.LateSending(time.Hour), "have not ended within", ""},
		"is stuck":             {metrictest.Stuck(), "did not return within 1m0s", ""},
		"hangs when canceled":  {hangingWhenCanceled, "did not return within 300ms after its context was canceled", "plain"},
		"ignores for a second": {metrictest.IgnoringContext(metrictest.Slow(time.Second)), "did not return within 300ms after its context was canceled", "plain"},
		"ignores for a moment": {metrictest.IgnoringContext(metrictest.Slow(200 * time.Millisecond)), "does not check its context", "plain"},
	} {
		for kind := range roads(test.behaviour) {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var r recorder
					bad := roads(test.behaviour)[kind]
					metrictest.TestCollector(&r, bad.collector, metrictest.Grace(300*time.Millisecond))
					bad.controls.Release()
					if err := bad.controls.Wait(t.Context()); err != nil {
						t.Fatal(err)
					}
					if kind != test.innocent {
						r.want(t, test.want)
					} else if len(r.failures) > 0 {
						t.Errorf("reported were %q", r.failures)
					}
				})
			})
		}
	}
}

// TestBadCollect checks that the Collect method of a stream collector is tested, although registries of this
// library do not call it.
func TestBadCollect(t *testing.T) {
	var r recorder
	metrictest.TestCollector(&r, badCollect{metrictest.New("bad", metrictest.Healthy()).Stream()})
	r.want(t, "Collect sends a metric that cannot be written")
}

type badCollect struct{ metric.StreamCollector }

func (badCollect) Collect(ch chan<- metric.Metric) {
	ch <- metric.NewInvalidMetric(desc, errors.New("no luck"))
}

// TestOverlap checks the report about a collector that is wrong only when calls overlap: it empties data that
// other calls read.
func TestOverlap(t *testing.T) {
	var c *metrictest.Collector
	emptying := func(ctx context.Context, r *metrictest.Run) error {
		time.Sleep(time.Millisecond)
		if c.Running() > 1 {
			return nil
		}
		return metrictest.Healthy()(ctx, r)
	}
	for kind := range roads(emptying) {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r recorder
				bad := roads(emptying)[kind]
				c = bad.controls
				metrictest.TestCollector(&r, bad.collector)
				r.want(t, "not if calls overlap")
			})
		})
	}
}

func TestBadDescribe(t *testing.T) {
	calls := 0
	for name, test := range map[string]struct {
		describe func(chan<- *metric.Desc)
		want     string
	}{
		"panics":     {func(chan<- *metric.Desc) { panic("boom") }, "Describe panicked: boom"},
		"nil":        {func(ch chan<- *metric.Desc) { ch <- nil }, "nil descriptor"},
		"not valid":  {func(ch chan<- *metric.Desc) { ch <- metric.NewDesc("", "h", nil, nil) }, "not valid"},
		"conflicts":  {func(ch chan<- *metric.Desc) { describe(ch); ch <- metric.NewDesc("test", "h", nil, nil) }, "cannot be registered"},
		"closes":     {func(ch chan<- *metric.Desc) { close(ch) }, "closed"},
		"sends late": {func(ch chan<- *metric.Desc) { go func() { time.Sleep(time.Millisecond); describe(ch) }() }, "after it had returned"},
		"changes": {func(ch chan<- *metric.Desc) {
			calls++
			ch <- metric.NewDesc(fmt.Sprintf("test_%d", calls), "h", nil, nil)
		}, "did not send the same descriptors"},
		"never ends": {func(chan<- *metric.Desc) { time.Sleep(time.Hour) }, "Describe did not return within 1m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				var r recorder
				metrictest.TestCollector(&r, plain{test.describe, func(chan<- metric.Metric) { time.Sleep(time.Millisecond) }})
				r.want(t, test.want)
			})
		})
	}
}

// TestReportsNameTheType checks that a report names the type of the collector.
func TestReportsNameTheType(t *testing.T) {
	var r recorder
	metrictest.TestCollector(&r, metrictest.New("bad", metrictest.Duplicating()))
	r.want(t, "metrictest.Collector: ")
}
