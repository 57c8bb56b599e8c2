package scrape

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

// Hooks are user functions that are called while a registry is scraped. Each may be nil.
type Hooks struct {
	ScrapeStart    func(context.Context) context.Context
	ScrapeEnd      func(ctx context.Context, took time.Duration, err error)
	CollectorStart func(ctx context.Context, collector string) context.Context
	CollectorEnd   func(ctx context.Context, collector string, took time.Duration, err error)
}

// scrapeHooks holds the hooks of scrapes and the state of their calls.
type scrapeHooks struct {
	start, end callback.Caller
	underWay   atomic.Int32 // calls of both hooks
}

// maxHooks is the maximum number of concurrent calls of a registry's scrape hooks. A hook that gathers from
// its own registry is called again by that scrape, which gathers again, and so on.
const maxHooks = 1000

var errTooManyHooks = fmt.Errorf("more than %d calls are under way: a hook must not gather from the registry that calls it", maxHooks)

// enter reports whether another call may begin. If so, the caller must call leave at its end.
func (h *scrapeHooks) enter() bool {
	if h.underWay.Add(1) > maxHooks {
		h.leave()
		return false
	}
	return true
}

func (h *scrapeHooks) leave() { h.underWay.Add(-1) }

// scrapeStart calls the hook and returns the context for the scrape.
func (r *Registry) scrapeStart(ctx context.Context, allowance *callback.Allowance) (context.Context, error) {
	hook := r.Hooks.ScrapeStart
	if hook == nil {
		return ctx, nil
	}
	if !r.scrapeHooks.enter() {
		return ctx, fmt.Errorf("hook ScrapeStart: %w", errTooManyHooks)
	}
	defer r.scrapeHooks.leave()
	next, err := callback.Call(&r.scrapeHooks.start, allowance, func() (context.Context, error) {
		return callback.MakeContext(ctx, func() context.Context { return hook(ctx) })
	})
	if err != nil {
		return ctx, fmt.Errorf("hook ScrapeStart: %w", err)
	}
	return next, nil
}

// scrapeEnd calls the hook.
func (r *Registry) scrapeEnd(ctx context.Context, allowance *callback.Allowance, took time.Duration, failed error) error {
	hook := r.Hooks.ScrapeEnd
	if hook == nil {
		return nil
	}
	if !r.scrapeHooks.enter() {
		return fmt.Errorf("hook ScrapeEnd: %w", errTooManyHooks)
	}
	defer r.scrapeHooks.leave()
	err := r.scrapeHooks.end.Call(allowance, func() error {
		hook(ctx, took, failed)
		return nil
	})
	if err != nil {
		return fmt.Errorf("hook ScrapeEnd: %w", err)
	}
	return nil
}

// around wraps the hooks around a run.
func (r *Registry) around(collector string, run engine.Run) engine.Run {
	h := &r.Hooks
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
				r.hookFailed(limit, callback.NewAllowance(limit), collector, fmt.Errorf("hook CollectorStart: %w", err))
			} else {
				ctx = next
			}
		}
		err := engine.Try(func() error { return run(ctx, running, sink) })
		if h.CollectorEnd != nil {
			took, ended := time.Since(start), err
			if err == nil {
				ended = limit.Err()
			}
			failed := engine.Try(func() error {
				h.CollectorEnd(ctx, collector, took, ended)
				return nil
			})
			if failed != nil {
				r.hookFailed(limit, callback.NewAllowance(limit), collector, fmt.Errorf("hook CollectorEnd: %w", failed))
			}
		}
		return err
	}
}

// defaultHookLog logs the hook failures of registries without a logger.
var defaultHookLog = NewFailureLog(nil, nil)

// hookFailed logs the failure of a hook.
func (r *Registry) hookFailed(ctx context.Context, allowance *callback.Allowance, collector string, err error) {
	log := r.Log
	if log == nil {
		log = defaultHookLog
	}
	log.Log(ctx, allowance, "hook failed", []*Failure{{Collector: collector, Err: err}})
}
