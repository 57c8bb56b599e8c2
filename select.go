package metric

import (
	"context"

	"github.com/luxfi/metric/internal/scrape"
)

// Selection chooses a part of what a registry has, before anything is run.
type Selection struct {
	// Collectors, if not empty, are the names of the collectors to run; see
	// WithName. The name of a registry or gatherer inside stands for all in it;
	// "name/collector" is one of them. An empty name is an error.
	Collectors []string
	// Exclude are the names of collectors not to run. It cannot be combined with
	// Collectors.
	Exclude []string
	// Families, if not empty, are the names of the families to gather. Collectors
	// that announce none of them are not run.
	Families []string
}

// Select returns a context in which a scrape of a registry is limited to a selection.
// It is an error of the scrape, which then gathers nothing, if a collector's name is
// unknown. A selection in ctx, and those that an HTTP request asks for, hold as well.
func Select(ctx context.Context, s Selection) context.Context {
	return scrape.WithFilter(ctx, scrape.Filter(s))
}
