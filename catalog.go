package metric

import (
	"context"
	"fmt"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/collect"
)

// Catalog lists what g exports: each family with its type, unit, help, labels, buckets, current
// series and collectors. Package [catalog] makes Markdown, JSON, dashboards and rules of the
// result.
//
// Catalog gathers once with the background context, so it waits for every collector; see
// [CatalogWithContext].
func Catalog(g Gatherer) (*catalog.Catalog, error) {
	return CatalogWithContext(context.Background(), g)
}

// CatalogWithContext is Catalog under a context, whose deadline and [Selection] apply as they do to
// a scrape.
//
// The catalog has all families that collectors have described when they were registered, among
// them vectors without series, and all families that this gathering yields. Of a gatherer that
// is no registry of this module, it has only the latter.
//
// If a collector fails or does not return in time, CatalogWithContext returns an error like that of
// GatherWithContext together with everything else, including what that collector describes.
// The catalog is never nil.
func CatalogWithContext(ctx context.Context, g Gatherer) (*catalog.Catalog, error) {
	if err := checkGatherer(g); err != nil {
		return new(catalog.Catalog), fmt.Errorf("cannot list what a gatherer exports: %w", err)
	}
	return registryIn(nil, g, collect.Wrapping{}).Survey(ctx)
}
