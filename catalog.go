package metric

import (
	"context"
	"fmt"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/collect"
)

// Catalog lists the metrics that g exports: each family with its type, unit, help, labels, buckets,
// current series and collectors. Package [catalog] turns the result into Markdown, JSON, dashboards
// and rules.
//
// Catalog gathers once with the background context, so it waits for every collector. Use
// [CatalogWithContext] to bound the wait.
func Catalog(g Gatherer) (*catalog.Catalog, error) {
	return CatalogWithContext(context.Background(), g)
}

// CatalogWithContext is like [Catalog], but gathers under ctx. The deadline and the [Selection] of
// ctx apply as they do to a scrape.
//
// The catalog has all families that collectors described when they were registered, including vectors
// without series, and all families that this gather yields. For a gatherer that is not a registry of this
// module, the catalog has only the gathered families.
//
// If a collector fails or does not return in time, CatalogWithContext returns the same error as
// [ContextRegistry.GatherWithContext], together with a catalog of everything else, including the families
// that the collector describes. The catalog is never nil.
func CatalogWithContext(ctx context.Context, g Gatherer) (*catalog.Catalog, error) {
	if err := checkGatherer(g); err != nil {
		return new(catalog.Catalog), fmt.Errorf("cannot list what a gatherer exports: %w", err)
	}
	return registryIn(nil, g, collect.Wrapping{}).Survey(ctx)
}
