package metric

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
)

// NewCollectorAdapter makes any Collector context-aware at the boundary: its
// CollectWithContext returns when ctx is done, even if c still runs. What c sends
// after that is thrown away. If c takes a context, it gets ctx; if not, calls that overlap
// share a run of c. As long as a run that was left behind has not returned, c is not
// started again: CollectWithContext sends an invalid metric with ErrStillRunning.
//
// A registry of this package needs no adapter: it does the same for any Collector.
func NewCollectorAdapter(c Collector) CollectorWithContext {
	a := &collectorAdapter{collector: c}
	a.changed.L = &a.mu
	return a
}

type collectorAdapter struct {
	collector Collector

	mu       sync.Mutex
	changed  sync.Cond   // A run has sent something or returned, or a context has ended.
	running  int         // Runs that have not returned.
	left     int         // Those of them that have outlived a call.
	joinable *adaptedRun // Of a collector that takes no context.
}

// adaptedRun is one run of the collector of an adapter, whose mutex guards it.
type adaptedRun struct {
	metrics  []Metric
	waiters  int
	left     bool // It counts in collectorAdapter.left.
	returned bool
}

// adapted returns the collector for a registry to run itself, or nil if it has to leave
// that to the adapter: what a registry treats as something else than a collector, an
// instrument for example, cannot have policies.
func (a *collectorAdapter) adapted() Collector {
	switch a.collector.(type) {
	case *collect.Wrapped, *collectorAdapter, *ContextRegistry, StreamCollector:
		return nil
	}
	if instrument.SourceOf(a.collector) != nil {
		return nil
	}
	return a.collector
}

func (a *collectorAdapter) Describe(ch chan<- *Desc) { describeInner(a, a.collector, ch) }
func (a *collectorAdapter) Collect(ch chan<- Metric) { a.collector.Collect(ch) }

func (a *collectorAdapter) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.changed.Broadcast()
	})
	defer stop()
	run, err := a.join(ctx)
	if err != nil {
		collect.SendUntil(ctx, ch, NewInvalidMetric(NewInvalidDesc(err), err))
		return
	}
	defer a.leave(ctx, run)
	for sent := 0; ; {
		metrics, more := a.next(ctx, run, sent)
		for _, m := range metrics {
			if !collect.SendUntil(ctx, ch, m) {
				return
			}
		}
		if sent += len(metrics); !more {
			return
		}
	}
}

// adapterGrace is how long a run that was left behind has for returning before a call
// fails that comes meanwhile. A collector that obeys its context needs a moment, too.
const adapterGrace = 100 * time.Millisecond

// maxAdapted is how many runs of a collector that takes a context are under way at once.
// Further calls wait, under their own contexts.
const maxAdapted = 2

// join starts or joins a run.
func (a *collectorAdapter) join(ctx context.Context) (*adaptedRun, error) {
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
		return nil, fmt.Errorf("%T: %w", a.collector, ErrStillRunning)
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
	if _, ok := a.collector.(CollectorWithContext); !ok {
		a.joinable = run
	}
	go a.run(ctx, run)
	return run, nil
}

// run runs the collector, in a goroutine of its own.
func (a *collectorAdapter) run(ctx context.Context, run *adaptedRun) {
	add := func(m Metric) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if run.waiters > 0 {
			run.metrics = append(run.metrics, m)
			a.changed.Broadcast()
		}
	}
	err := engine.FromChannel(collect.EndOfRun, func(inner chan<- Metric) { collect.CollectAny(ctx, a.collector, inner) }, add)
	if err != nil {
		add(NewInvalidMetric(NewInvalidDesc(err), err))
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

// next waits for what the run sends after the first metrics. It reports whether there may
// be more.
func (a *collectorAdapter) next(ctx context.Context, run *adaptedRun, sent int) (metrics []Metric, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(run.metrics) == sent && !run.returned && ctx.Err() == nil {
		a.changed.Wait()
	}
	return run.metrics[sent:], !run.returned && ctx.Err() == nil
}

// leave ends the wait of a call. A run that all have turned away from, or that has not
// returned until a deadline, is left behind; no call joins it.
func (a *collectorAdapter) leave(ctx context.Context, run *adaptedRun) {
	a.mu.Lock()
	defer a.mu.Unlock()
	run.waiters--
	if run.returned {
		return
	}
	if run.waiters == 0 {
		run.metrics = nil // It must not grow, unseen.
	}
	if !run.left && (run.waiters == 0 || errors.Is(ctx.Err(), context.DeadlineExceeded)) {
		run.left = true
		a.left++
		if a.joinable == run {
			a.joinable = nil
		}
	}
}
