package metric

import (
	"context"

	"github.com/luxfi/metric/internal/collect"
)

// NewCollectorAdapter returns c as a [CollectorWithContext] whose CollectWithContext returns when
// ctx is done, even if c is still running. The adapter discards what c sends after that.
//
// If c takes a context, it gets ctx. Otherwise, overlapping calls share one run of c. The adapter does not
// start c again before an abandoned run has returned; until then, CollectWithContext sends an invalid
// metric with [ErrStillRunning].
//
// A registry of this package needs no adapter, because it treats every [Collector] like this.
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
