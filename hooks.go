package metric

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
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

// scrapeHooks are the hooks of scrapes with what has become of their calls.
type scrapeHooks struct {
	start, end callback.Caller
	underWay   atomic.Int32 // Calls of both.
}

// maxHooks is how many calls of a registry's scrape hooks are under way at once. A hook that
// gathers from its own registry is called again by that scrape, which gathers again, and so on.
const maxHooks = 1000

var errTooManyHooks = fmt.Errorf("more than %d calls are under way: a hook must not gather from the registry that calls it", maxHooks)

// enter reports whether another call may begin. If so, leave has to be called at its end.
func (h *scrapeHooks) enter() bool {
	if h.underWay.Add(1) > maxHooks {
		h.leave()
		return false
	}
	return true
}

func (h *scrapeHooks) leave() { h.underWay.Add(-1) }

// scrapeStart calls the hook and returns the context to go on with.
func (r *core) scrapeStart(ctx context.Context, p *callback.Patience) (context.Context, error) {
	hook := r.hooks.ScrapeStart
	if hook == nil {
		return ctx, nil
	}
	if !r.scrapeHooks.enter() {
		return ctx, fmt.Errorf("hook ScrapeStart: %w", errTooManyHooks)
	}
	defer r.scrapeHooks.leave()
	next, err := callback.Call(&r.scrapeHooks.start, p, func() (context.Context, error) {
		return callback.MakeContext(ctx, func() context.Context { return hook(ctx) })
	})
	if err != nil {
		return ctx, fmt.Errorf("hook ScrapeStart: %w", err)
	}
	return next, nil
}

// scrapeEnd calls the hook.
func (r *core) scrapeEnd(ctx context.Context, p *callback.Patience, end ScrapeEnd) error {
	hook := r.hooks.ScrapeEnd
	if hook == nil {
		return nil
	}
	if !r.scrapeHooks.enter() {
		return fmt.Errorf("hook ScrapeEnd: %w", errTooManyHooks)
	}
	defer r.scrapeHooks.leave()
	err := r.scrapeHooks.end.Call(p, func() error {
		hook(ctx, end)
		return nil
	})
	if err != nil {
		return fmt.Errorf("hook ScrapeEnd: %w", err)
	}
	return nil
}

// around puts the hooks around a run.
func (r *core) around(collector string, run engine.Run) engine.Run {
	h := &r.hooks
	if h.CollectorStart == nil && h.CollectorEnd == nil {
		return run
	}
	return func(ctx context.Context, running engine.Running, sink engine.Sink) error {
		start, limit := time.Now(), ctx
		if h.CollectorStart != nil {
			next, err := callback.Try(func() (context.Context, error) {
				return callback.MakeContext(ctx, func() context.Context { return h.CollectorStart(ctx, collector) })
			})
			if err != nil {
				r.hookFailed(limit, callback.NewPatience(limit), collector, fmt.Errorf("hook CollectorStart: %w", err))
			} else {
				ctx = next
			}
		}
		err := engine.Try(func() error { return run(ctx, running, sink) })
		if h.CollectorEnd != nil {
			end := CollectorEnd{time.Since(start), err}
			if err == nil {
				end.Err = limit.Err()
			}
			failed := engine.Try(func() error {
				h.CollectorEnd(ctx, collector, end)
				return nil
			})
			if failed != nil {
				r.hookFailed(limit, callback.NewPatience(limit), collector, fmt.Errorf("hook CollectorEnd: %w", failed))
			}
		}
		return err
	}
}

// defaultHookLog logs failures of hooks of registries that have no logger.
var defaultHookLog = newFailureLog(nil)

// hookFailed logs the failure of a hook.
func (r *core) hookFailed(ctx context.Context, p *callback.Patience, collector string, err error) {
	log := r.log
	if log == nil {
		log = defaultHookLog
	}
	log.log(ctx, p, "hook failed", []*failure{{Collector: collector, Err: err}})
}
