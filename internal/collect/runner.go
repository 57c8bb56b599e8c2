package collect

import (
	"context"

	"github.com/luxfi/metric/internal/engine"
)

// Runner is implemented by collectors and gatherers of this module that write to the engine's sink
// themselves, such as remote targets.
type Runner interface {
	// ScrapeRun returns the run, and the reason why a scrape must not start or join it. The receiver is
	// needed because a user's type that embeds a Runner has this method, too, but may do something else.
	ScrapeRun() (receiver any, run engine.Run, refuse Refuse)
}

// Refuse returns the reason why a collector takes no part in a scrape, or nil if it does.
type Refuse func(ctx context.Context) error

// RunOf returns the run of v if it is a [Runner], and nil otherwise.
func RunOf(v any) (engine.Run, Refuse) {
	if r, ok := v.(Runner); ok {
		if receiver, run, refuse := r.ScrapeRun(); receiver == v {
			return run, refuse
		}
	}
	return nil, nil
}
