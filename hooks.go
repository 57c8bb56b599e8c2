package metric

import (
	"context"
	"time"

	"github.com/luxfi/metric/internal/scrape"
)

// Hooks are functions that are called while a registry is scraped. All are optional, and
// must be safe for concurrent use and quick.
//
// A hook that panics, or returns a context that cannot be used (a nil pointer, for
// example), is logged and costs nothing else: the scrape goes on with the context it had.
// A hook of a scrape that blocks is left behind shortly after the scrape's deadline, and
// is skipped until it returns. A hook of a collector that blocks costs only that
// collector.
//
// A start hook may return another context, with a span in it for example. It is passed
// on to collectors and to the end hook; nil leaves it as it is.
type Hooks struct {
	// ScrapeStart is called before collectors are run.
	ScrapeStart func(ctx context.Context) context.Context
	// ScrapeEnd is called when everything has been written or returned.
	ScrapeEnd func(ctx context.Context, end ScrapeEnd)
	// CollectorStart is called before a run of a collector. There is none if a scrape
	// is served from the cache or refused, and instruments of this package are never
	// run. If several scrapes share a run, the context is that of one of them.
	CollectorStart func(ctx context.Context, collector string) context.Context
	// CollectorEnd is called when the run has returned, which may be after the end
	// of its scrape.
	CollectorEnd func(ctx context.Context, collector string, end CollectorEnd)
}

// ScrapeEnd is what is known of a scrape at its end.
type ScrapeEnd struct {
	Duration time.Duration
	Err      error // What went wrong: usually a *GatherError.
}

// CollectorEnd is what is known of a run at its end.
type CollectorEnd struct {
	Duration time.Duration
	// Err is what went wrong. If the run returned no error but its context had ended, it
	// is the context's error.
	Err error
}

// plain returns the hooks as a scrape calls them.
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
