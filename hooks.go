package metric

import (
	"context"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// Hooks are functions that are called while a registry is scraped. All are optional.
// They must be safe for concurrent use and quick: the scrape waits for them. One that
// panics costs nothing but what it would have done.
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
	// Err is what went wrong. For a run that has outlived its context, without a word
	// of it, that is the context's error.
	Err error
}

// begin calls a start hook and returns the context to go on with.
func begin(ctx context.Context, hook func() context.Context) context.Context {
	next := ctx
	_ = engine.Try(func() error { // A hook's panic is its own affair.
		if changed := hook(); changed != nil {
			next = changed
		}
		return nil
	})
	return next
}

// around puts the hooks around a run.
func (h *Hooks) around(collector string, run engine.Run) engine.Run {
	if h.CollectorStart == nil && h.CollectorEnd == nil {
		return run
	}
	return func(ctx context.Context, sink engine.Sink) error {
		start, limit := time.Now(), ctx
		if h.CollectorStart != nil {
			ctx = begin(ctx, func() context.Context { return h.CollectorStart(ctx, collector) })
		}
		err := engine.Try(func() error { return run(ctx, sink) })
		if h.CollectorEnd != nil {
			end := CollectorEnd{time.Since(start), err}
			if err == nil {
				end.Err = limit.Err()
			}
			_ = engine.Try(func() error {
				h.CollectorEnd(ctx, collector, end)
				return nil
			})
		}
		return err
	}
}

// scrapeStart calls the hook and returns the context to go on with.
func (h *Hooks) scrapeStart(ctx context.Context) context.Context {
	if h.ScrapeStart == nil {
		return ctx
	}
	return begin(ctx, func() context.Context { return h.ScrapeStart(ctx) })
}

func (h *Hooks) scrapeEnd(ctx context.Context, duration time.Duration, err error) {
	if h.ScrapeEnd != nil {
		_ = engine.Try(func() error {
			h.ScrapeEnd(ctx, ScrapeEnd{duration, err})
			return nil
		})
	}
}
