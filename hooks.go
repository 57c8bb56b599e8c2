package metric

import (
	"context"
	"time"

	"github.com/luxfi/metric/internal/scrape"
)

// Hooks are functions that a registry calls while it is scraped; see [WithHooks]. All are optional,
// and must be safe for concurrent use and quick.
//
// If a hook panics, or returns a context that is not usable, such as a nil pointer, the registry
// logs that and uses the context that the hook got. If a hook of a scrape blocks, the scrape goes on
// without it shortly after its deadline, and the hook is not called again until it returns. If a
// hook of a collector blocks, only that collector is missing from the scrape.
//
// A start hook may return another context, for example one that carries a span. Collectors and the
// end hook get that context. If the hook returns nil, they get the context that the hook got.
type Hooks struct {
	// ScrapeStart is called before collectors are run.
	ScrapeStart func(ctx context.Context) context.Context
	// ScrapeEnd is called when everything has been written or returned.
	ScrapeEnd func(ctx context.Context, end ScrapeEnd)
	// CollectorStart is called before a run of a collector. It is not called if the cache serves
	// the scrape, if a policy refuses the run, or for instruments of this package, which are never
	// run. If several scrapes share a run, ctx is the context of one of them.
	CollectorStart func(ctx context.Context, collector string) context.Context
	// CollectorEnd is called when the run has returned, which may be after the end of its scrape.
	CollectorEnd func(ctx context.Context, collector string, end CollectorEnd)
}

// ScrapeEnd describes a scrape that has ended.
type ScrapeEnd struct {
	Duration time.Duration
	Err      error // what went wrong, usually a *GatherError; nil if nothing did
}

// CollectorEnd describes a run of a collector that has ended.
type CollectorEnd struct {
	Duration time.Duration
	// Err is what went wrong. If the run returned no error but its context had ended, it is the
	// error of the context.
	Err error
}

// plain returns the hooks in the form that a scrape calls.
func (h *Hooks) plain() scrape.Hooks {
	p := scrape.Hooks{ScrapeStart: h.ScrapeStart, CollectorStart: h.CollectorStart}
	if end := h.ScrapeEnd; end != nil {
		p.ScrapeEnd = func(ctx context.Context, took time.Duration, err error) { end(ctx, ScrapeEnd{took, err}) }
	}
	if end := h.CollectorEnd; end != nil {
		p.CollectorEnd = func(ctx context.Context, collector string, took time.Duration, err error) {
			end(ctx, collector, CollectorEnd{took, err})
		}
	}
	return p
}
