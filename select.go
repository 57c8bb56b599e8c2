package metric

import (
	"context"

	"github.com/luxfi/metric/internal/scrape"
)

// Selection selects a part of a registry before any collector is run; see [Select].
type Selection struct {
	// Collectors, if not empty, are the names of the collectors to run; see WithName. The name of a
	// nested registry or gatherer selects all collectors in it, and "name/collector" selects one of
	// them. An empty name is an error.
	Collectors []string
	// Exclude are the names of collectors not to run. It cannot be combined with Collectors.
	Exclude []string
	// Families, if not empty, are the names of the families to gather. Collectors that announce
	// none of them are not run.
	Families []string
}

// Select returns a context that limits scrapes of a registry to a selection. If a collector's name is
// unknown, the scrape fails and gathers nothing. Selections combine: a selection that ctx already has, and
// the selection of an HTTP request, also apply.
func Select(ctx context.Context, s Selection) context.Context {
	return scrape.WithFilter(ctx, scrape.Filter(s))
}
