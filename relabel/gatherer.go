package relabel

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// Gatherer returns a gatherer that applies the pipeline to the metrics that g gathers. It panics if g is
// nil. The gatherer is safe for concurrent use, and several gatherers may share a pipeline.
//
// The pipeline applies its steps to each series of a gather, whatever the source. Rules see series as a
// Prometheus server sees them. A histogram or summary is several samples, with the suffixes _bucket, _sum
// and _count and the labels le and quantile. A histogram with only native buckets is one sample without a
// suffix. A state set is one sample without the label for its states.
//
// Rules must treat all samples of a series alike, except that they may drop buckets other than +Inf, and
// quantiles. If a rule would drop other samples of a series, or give them different labels, the pipeline
// does not apply the rule to that series. The error of the gather reports this once for each family. Labels
// that begin with two underscores do not leave the pipeline.
//
// If two series become the same, the gatherer returns the first one and an error that names both. For
// stream collectors, it detects such series only while it remembers them.
//
// The context of a gather and its deadline reach the collectors behind g. Registries, stream collectors and
// remote targets stream through the pipeline. If a rule may change the names of a stream collector's
// series, the pipeline collects them first.
//
// The gatherer remembers the result of the rules for each series until the series has been absent for ten
// minutes. So from the second gather on, a rule takes only the time of a lookup. For series that do not come
// from instruments, the gatherer uses at most about 128 MiB; it evaluates the rules for further series in
// every gather. Steps that treat all series of a family alike, such as rules that keep or drop only by
// __name__, need no memory per series.
//
// [Aggregate] must see all series of a family before the gatherer can return the first one, so it copies
// the series that pass through it.
func (p *Pipeline) Gatherer(g metric.Gatherer) metric.GathererWithContext {
	var (
		steps   []numbered
		current = g
	)
	wrap := func() {
		current = newGatherer(current, collect.Wrapping{Reshape: newReshaper(steps, p.slots)})
		steps = nil
	}
	for i, s := range p.stages {
		n := numbered{s, i + 1, p.lines[i]}
		if a, ok := s.(*aggregation); ok {
			if len(steps) > 0 {
				wrap()
			}
			current = newAggregator(current, a, n)
			continue
		}
		steps = append(steps, n)
	}
	if len(steps) > 0 || len(p.stages) == 0 {
		wrap()
	}
	return current.(metric.GathererWithContext) //nolint:forcetypeassert // wrap returns only such gatherers.
}

// gatherer is a registry with one entry: another gatherer, whose metrics it changes.
type gatherer struct {
	front

	registry *metric.ContextRegistry
}

func init() { scrape.EnableExplanations() }

// front is the view of a gatherer that registries of package metric have.
type front struct {
	gatherer *gatherer
	core     *scrape.Registry
}

// ScrapeRegistry implements scrape.Behind.
func (f front) ScrapeRegistry() (receiver any, r *scrape.Registry) { return f.gatherer, f.core }

var _ scrape.Behind = (*gatherer)(nil)

func newGatherer(inner prometheus.Gatherer, w collect.Wrapping) *gatherer {
	e, err := scrape.EntryOf(inner, w)
	if err != nil {
		panic(fmt.Errorf("cannot relabel a nil Gatherer: %w", err))
	}
	return gathererOf(e)
}

func gathererOf(e *scrape.Entry) *gatherer {
	g := &gatherer{registry: metric.NewContextRegistry()}
	g.front = front{g, scrape.RegistryOf(g.registry)}
	if err := g.core.Register(e, ""); err != nil {
		panic("BUG: relabel: " + err.Error())
	}
	return g
}

// Gather gathers with the background context.
func (g *gatherer) Gather() ([]*metric.MetricFamily, error) {
	return g.GatherWithContext(context.Background())
}

// GatherWithContext gathers under a context.
func (g *gatherer) GatherWithContext(ctx context.Context) ([]*metric.MetricFamily, error) {
	return g.registry.GatherWithContext(ctx)
}
