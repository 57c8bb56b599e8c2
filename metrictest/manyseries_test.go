package metrictest_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// manySeries is a number of series above which the checks collect less often.
const manySeries = 1100

// TestManySeries checks that many series are collected less often than a few.
func TestManySeries(t *testing.T) {
	runs := func(series int) int {
		c := metrictest.New("flood", metrictest.Flooding(series))
		metrictest.TestCollector(t, c)
		return c.Started()
	}
	if few, many := runs(1), runs(manySeries); many > few/3 {
		t.Errorf("%d runs for many series, and %d for one", many, few)
	}
}

// TestBadCollectorsOfManySeries checks that broken rules are also found in collectors of many series.
func TestBadCollectorsOfManySeries(t *testing.T) {
	flood := metrictest.Flooding(manySeries)
	also := func(b metrictest.Behaviour) metrictest.Behaviour {
		return func(ctx context.Context, r *metrictest.Run) error {
			if err := flood(ctx, r); err != nil {
				return err
			}
			return b(ctx, r)
		}
	}
	for name, test := range map[string]struct {
		behaviour metrictest.Behaviour
		want      string
	}{
		"leaks":               {also(metrictest.Leaking()), "have not ended within"},
		"hangs when canceled": {metrictest.IgnoringContext(also(metrictest.Slow(time.Minute / 2))), "after its context was canceled"},
		"ignores its context": {metrictest.IgnoringContext(also(metrictest.Slow(time.Second))), "does not check its context"},
		"closes":              {also(metrictest.ClosingChannel()), "closed"},
		"sends twice":         {also(metrictest.Duplicating()), "collected before"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r recorder
				c := metrictest.New("bad", test.behaviour)
				metrictest.TestCollector(&r, c)
				c.Release()
				if err := c.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.want(t, test.want)
			})
		})
	}
}

// TestOverlapOfManySeries checks the report about a collector that replaces one of many series by another
// when calls overlap.
func TestOverlapOfManySeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			r       recorder
			running atomic.Int64
		)
		metrictest.TestCollector(&r, plain{describe, func(ch chan<- metric.Metric) {
			others := running.Add(1) > 1
			defer running.Add(-1)
			time.Sleep(time.Millisecond)
			for i := range manySeries {
				if others && i == 7 {
					i = -1
				}
				ch <- gauge(fmt.Sprint(i))
			}
		}})
		r.want(t, "not if calls overlap")
		r.want(t, `variableLabels: {l}} l="7"; added: `)
		r.want(t, `variableLabels: {l}} l="-1")`)
	})
}

// heavy is a metric that takes a lot of memory.
type heavy struct {
	metric.Metric

	_ [64 << 10]byte
}

// TestMetricsAreNotKept checks that the checks do not retain metrics. It measures the heap during the last
// call.
func TestMetricsAreNotKept(t *testing.T) {
	const (
		each = 20
		most = 16 << 20 // of more than 60 MB that are sent in total
	)
	var (
		calls       int
		first, last uint64
	)
	alive := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	lock := make(chan struct{}, 1) // so that overlapping calls do not hold their metrics at the same time
	metrictest.TestCollector(t, plain{describe, func(ch chan<- metric.Metric) {
		lock <- struct{}{}
		defer func() { <-lock }()
		if calls++; calls == 1 {
			first = alive()
		}
		last = alive()
		for i := range each {
			ch <- &heavy{Metric: gauge(fmt.Sprint(i))}
		}
	}})
	if calls < 48 {
		t.Fatalf("only %d calls", calls)
	}
	if last > first+most {
		t.Errorf("%d bytes are alive in the last call, and %d in the first", last, first)
	}
}
