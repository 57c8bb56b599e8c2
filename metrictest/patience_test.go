package metrictest_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestPatience checks that runs that hang although no context ends are given up, with advice that fits the
// method.
func TestPatience(t *testing.T) {
	for name, test := range map[string]struct {
		collector func(released context.Context) metric.Collector
		method    string
		advice    string
	}{
		"Collect": {func(released context.Context) metric.Collector {
			return plain{describe, func(chan<- metric.Metric) { <-released.Done() }}
		}, "Collect", "use context.WithTimeout"},
		"CollectWithContext": {func(released context.Context) metric.Collector {
			return patient{plain{describe, func(chan<- metric.Metric) {}}, released}
		}, "CollectWithContext", "must answer in this test"},
		"Describe": {func(released context.Context) metric.Collector {
			return plain{func(chan<- *metric.Desc) { <-released.Done() }, nil}
		}, "Describe", "should not wait for anything"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				released, release := context.WithCancel(t.Context())
				defer release()
				var r recorder
				start := time.Now()
				metrictest.TestCollector(&r, test.collector(released), metrictest.Patience(5*time.Second))
				if took := time.Since(start); took != 5*time.Second {
					t.Errorf("it took %v", took)
				}
				r.want(t, test.method+" did not return within 5s. ")
				r.want(t, test.advice)
				if strings.Contains(r.failures[0], "Pass the context") {
					t.Errorf("reported was %q", r.failures[0])
				}
			})
		})
	}
}

// patient is a collector whose CollectWithContext waits for released and ignores its own context.
type patient struct {
	plain

	released context.Context //nolint:containedctx // CollectWithContext waits for its end.
}

func (p patient) CollectWithContext(context.Context, chan<- metric.Metric) { <-p.released.Done() }

// TestPatienceOfGatherer is like TestPatience, for a gatherer.
func TestPatienceOfGatherer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released, release := context.WithCancel(t.Context())
		defer release()
		var r recorder
		metrictest.TestGatherer(&r, metric.GathererFunc(func() ([]*metric.MetricFamily, error) {
			<-released.Done()
			return nil, nil
		}), metrictest.Patience(5*time.Second))
		r.want(t, "Gather did not return within 5s. ")
		r.want(t, "use context.WithTimeout")
	})
}

// TestShortWait checks that a collector passes if it ignores its context for less than 100 ms, as documented.
func TestShortWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrictest.TestCollector(t, metrictest.New("short", metrictest.IgnoringContext(metrictest.Slow(99*time.Millisecond))))
	})
}

// TestNil checks that a nil collector or gatherer is reported.
func TestNil(t *testing.T) {
	for want, f := range map[string]func(*recorder){
		"the collector to test is nil": func(r *recorder) { metrictest.TestCollector(r, nil) },
		"the gatherer to test is nil":  func(r *recorder) { metrictest.TestGatherer(r, nil) },
	} {
		var r recorder
		f(&r)
		if len(r.failures) != 1 || r.failures[0] != want {
			t.Errorf("reported were %q, want %q", r.failures, want)
		}
	}
}
