package relabel

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// Gatherer returns a gatherer of what g gathers after the steps of the pipeline. It panics if g is
// nil. It is safe for concurrent use; so are several gatherers that use the same pipeline.
//
// The pipeline applies its steps to each series of a gather, whatever the source. Rules see series as a
// Prometheus server sees them: a histogram or summary is the samples with the suffixes _bucket, _sum
// and _count and the labels le and quantile; a histogram with only native buckets is one sample without
// a suffix. A state set is one sample without the label that tells its states apart. All samples of a series have to meet the same fate, except that a rule may drop buckets,
// but not that of +Inf, and quantiles. The pipeline does not apply a rule that would drop other samples
// of a series, or give them different labels, to that series, and the error of the gather says so once
// for each family. Labels that begin with two underscores do not leave the pipeline.
//
// If two series become the same, the gatherer returns the first one, and an error that names both.
// Of stream collectors, it finds such series only as long as it remembers them.
//
// The context of a gather and its deadline reach the collectors behind g. Registries, stream collectors
// and remote targets stream through the pipeline, except that a stream collector's series are collected
// first if a rule may change their names.
//
// The gatherer remembers what the rules make of a series until the series has not been there for ten
// minutes, so that from the second gather on a rule costs a lookup. For series of other sources than
// instruments it uses at most about 128 MiB, and evaluates the rules in every gather for what exceeds
// that. Steps that treat all series of a family alike, such as rules that keep or drop by __name__
// alone, need no memory for each series.
//
// [Aggregate] has to see all series of a family before the gatherer can return the first one, so it
// copies what passes through it.
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
	return current.(metric.GathererWithContext) //nolint:forcetypeassert // All that wrap has made is one.
}

// gatherer is a registry with one entry: what another gatherer gathers, changed.
type gatherer struct {
	front

	registry *metric.ContextRegistry
}

func init() { scrape.EnableExplanations() }

// front is what registries of package metric see of a gatherer.
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
		panic(fmt.Errorf("cannot relabel what a nil Gatherer gathers: %w", err))
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
