package metric

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

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

// logInterval is how often a collector may fill the log with failures of one kind.
const logInterval = time.Minute

// failureLog logs failures, but not all of a flood of them.
type failureLog struct {
	logger *slog.Logger

	mu     sync.Mutex
	limits map[logKey]*logLimit
}

type logKey struct {
	collector string
	kind      engine.Kind
}

type logLimit struct {
	sometimes  rate.Sometimes
	suppressed int
}

func newFailureLog(logger *slog.Logger) *failureLog {
	if logger == nil {
		return nil
	}
	return &failureLog{logger: logger, limits: make(map[logKey]*logLimit)}
}

// maxLogLimits bounds the memory of a log whose registry has ever new collectors.
const maxLogLimits = 10_000

// log logs failures. It does nothing if l is nil.
func (l *failureLog) log(ctx context.Context, list []*CollectorError) {
	if l == nil {
		return
	}
	for _, f := range list {
		kind := engine.KindOf(f.Err)
		suppressed, ok := l.allow(logKey{f.Collector, kind})
		if !ok {
			continue
		}
		attrs := []slog.Attr{slog.String("collector", f.Collector), slog.String("kind", kind.String()), slog.Any("error", f.Err)}
		if suppressed > 0 {
			attrs = append(attrs, slog.Int("suppressed", suppressed))
		}
		if panicked, ok := asPanic(f.Err); ok {
			attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
		}
		_ = engine.Try(func() error { // A handler's panic is its own affair.
			l.logger.LogAttrs(ctx, slog.LevelError, "collecting metrics failed", attrs...)
			return nil
		})
	}
}

// allow tells whether a failure may be logged now, and how many were not since the
// last one that was.
func (l *failureLog) allow(key logKey) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.limits[key]
	if limit == nil {
		if len(l.limits) >= maxLogLimits {
			clear(l.limits)
		}
		limit = &logLimit{sometimes: rate.Sometimes{Interval: logInterval}}
		l.limits[key] = limit
	}
	limit.sometimes.Do(func() { ok = true })
	if !ok {
		limit.suppressed++
		return 0, false
	}
	suppressed, limit.suppressed = limit.suppressed, 0
	return suppressed, true
}
