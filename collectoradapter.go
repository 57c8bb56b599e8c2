package metric

import (
	"context"

	"github.com/luxfi/metric/internal/collect"
)

// NewCollectorAdapter makes any Collector context-aware at the boundary: its
// CollectWithContext returns when ctx is done, even if c still runs. What c sends
// after that is thrown away. If c takes a context, it gets ctx; if not, calls that overlap
// share a run of c. As long as a run that was left behind has not returned, c is not
// started again: CollectWithContext sends an invalid metric with ErrStillRunning.
//
// A registry of this package needs no adapter: it does the same for any Collector.
func NewCollectorAdapter(c Collector) CollectorWithContext {
	return &collectorAdapter{c, collect.NewAdaptedRuns(c)}
}

type collectorAdapter struct {
	collector Collector
	runs      *collect.AdaptedRuns
}

func (a *collectorAdapter) standsFor() Collector     { return a.collector }
func (a *collectorAdapter) Describe(ch chan<- *Desc) { describeInner(a, a.collector, ch) }
func (a *collectorAdapter) Collect(ch chan<- Metric) { a.collector.Collect(ch) }

func (a *collectorAdapter) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	a.runs.Collect(ctx, ch)
}
