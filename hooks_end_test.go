package metric_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestHooksKnowLateRuns checks that the end hook is told of a run that has outlived its
// scrape, though the collector does not say so.
func TestHooksKnowLateRuns(t *testing.T) {
	for name, late := range map[string]metric.Collector{
		"stream": streamOf("late", func(context.Context, *metric.Sink) error { time.Sleep(time.Minute); return nil }),
		"plain":  plain{"late", func(chan<- metric.Metric) { time.Sleep(time.Minute) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ends []metric.CollectorEnd
				r := metric.NewContextRegistry(metric.WithHooks(metric.Hooks{
					CollectorEnd: func(_ context.Context, _ string, end metric.CollectorEnd) { ends = append(ends, end) },
				}))
				r.MustRegister(late)
				_, _ = scrapeOnce(t, r, time.Second)
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(ends) != 1 || ends[0].Duration != time.Minute ||
					!errors.Is(ends[0].Err, context.DeadlineExceeded) && !errors.Is(ends[0].Err, context.Canceled) {
					t.Errorf("got %+v", ends)
				}
				if _, err := r.Gather(); err != nil {
					t.Errorf("got error %v", err)
				}
				if len(ends) != 2 || ends[1].Err != nil {
					t.Errorf("got %+v", ends)
				}
			})
		})
	}
}
