package collect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/engine"
)

// AdaptedRuns manages the runs of a collector outside of a registry. Overlapping calls of Collect share a
// run unless the collector takes a context. A run that outlives its calls is left behind, and keeps other
// runs from being started.
type AdaptedRuns struct {
	collector prometheus.Collector

	mu       sync.Mutex
	changed  sync.Cond   // A run has sent something or returned, or a context has ended.
	running  int         // runs that have not returned
	left     int         // number of them that have outlived a call
	joinable *adaptedRun // run of a collector that takes no context, or nil
}

// NewAdaptedRuns returns AdaptedRuns for c. It starts no run.
func NewAdaptedRuns(c prometheus.Collector) *AdaptedRuns {
	a := &AdaptedRuns{collector: c}
	a.changed.L = &a.mu
	return a
}

// adaptedRun is one run of the collector. The mutex of its AdaptedRuns guards it.
type adaptedRun struct {
	metrics  []prometheus.Metric
	waiters  int
	left     bool // The run counts in AdaptedRuns.left.
	returned bool
}

// Collect sends the metrics of a run. It returns when the run has returned or ctx is done.
func (a *AdaptedRuns) Collect(ctx context.Context, ch chan<- prometheus.Metric) {
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed.Broadcast()
	})
	defer stop()
	run, err := a.join(ctx)
	if err != nil {
		SendUntil(ctx, ch, prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err))
		return
	}
	defer a.leave(ctx, run)
	for sent := 0; ; {
		metrics, more := a.next(ctx, run, sent)
		for _, m := range metrics {
			if !SendUntil(ctx, ch, m) {
				return
			}
		}
		if sent += len(metrics); !more {
			return
		}
	}
}

// SendUntil sends m unless ctx is done first, and reports whether it sent m.
func SendUntil(ctx context.Context, ch chan<- prometheus.Metric, m prometheus.Metric) bool {
	select {
	case ch <- m:
		return true
	case <-ctx.Done():
		return false
	}
}

// adapterGrace is how long a run that was left behind has to return before other calls fail. A collector
// that obeys its context needs a moment, too.
const adapterGrace = 100 * time.Millisecond

// maxAdapted is the maximum number of concurrent runs of a collector that takes a context. Further calls
// wait, under their own contexts.
const maxAdapted = 2

// join starts or joins a run.
func (a *AdaptedRuns) join(ctx context.Context) (*adaptedRun, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left > 0 {
		over := false
		timer := time.AfterFunc(adapterGrace, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			over = true
			a.changed.Broadcast()
		})
		defer timer.Stop()
		for a.left > 0 && !over && ctx.Err() == nil {
			a.changed.Wait()
		}
	}
	for a.left == 0 && a.joinable == nil && a.running >= maxAdapted && ctx.Err() == nil {
		a.changed.Wait()
	}
	if a.left > 0 {
		return nil, fmt.Errorf("%T: %w", a.collector, engine.ErrStillRunning)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%T: not started: %w", a.collector, err)
	}
	if a.joinable != nil {
		a.joinable.waiters++
		return a.joinable, nil
	}
	a.running++
	run := &adaptedRun{waiters: 1}
	if _, ok := a.collector.(withContext); !ok {
		a.joinable = run
	}
	go a.run(ctx, run)
	return run, nil
}

// run runs the collector in a goroutine of its own.
func (a *AdaptedRuns) run(ctx context.Context, run *adaptedRun) {
	add := func(m prometheus.Metric) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if run.waiters > 0 {
			run.metrics = append(run.metrics, m)
			a.changed.Broadcast()
		}
	}
	err := engine.FromChannel(EndOfRun, func(inner chan<- prometheus.Metric) { CollectAny(ctx, a.collector, inner) }, add)
	if err != nil {
		add(prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	run.returned = true
	a.running--
	if run.left {
		a.left--
	}
	if a.joinable == run {
		a.joinable = nil
	}
	a.changed.Broadcast()
}

// next waits for metrics beyond those already sent. It reports whether there may be more.
func (a *AdaptedRuns) next(ctx context.Context, run *adaptedRun, sent int) (metrics []prometheus.Metric, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(run.metrics) == sent && !run.returned && ctx.Err() == nil {
		a.changed.Wait()
	}
	return run.metrics[sent:], !run.returned && ctx.Err() == nil
}

// leave ends the wait of a call. A run that all calls have left, or that has not returned by a deadline, is
// left behind, and no call joins it.
func (a *AdaptedRuns) leave(ctx context.Context, run *adaptedRun) {
	a.mu.Lock()
	defer a.mu.Unlock()
	run.waiters--
	if run.returned {
		return
	}
	if run.waiters == 0 {
		run.metrics = nil // It must not grow when no call reads it.
	}
	if !run.left && (run.waiters == 0 || errors.Is(ctx.Err(), context.DeadlineExceeded)) {
		run.left = true
		a.left++
		if a.joinable == run {
			a.joinable = nil
		}
	}
}
