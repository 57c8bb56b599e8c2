package gokit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Option configures the constructors of this package.
type Option func(*reporter)

// OnError makes report receive the error of each update that is left out. Without it, the errors are
// logged. The goroutine that makes the update calls report, so report must be fast, and safe for concurrent
// use. A nil function ignores the errors.
func OnError(report func(error)) Option {
	if report == nil {
		report = func(error) {}
	}
	return func(r *reporter) { r.onError = report }
}

// logEvery is the minimum time between log lines about the mistakes of one metric.
const logEvery = time.Minute

// reporter reports updates that are left out.
type reporter struct {
	onError func(error) // nil means the log

	logged     atomic.Int64 // time of the last line, in nanoseconds since the Unix epoch
	suppressed atomic.Int64 // number of errors since then
}

func (r *reporter) report(err error) {
	if r.onError != nil {
		r.onError(err)
		return
	}
	now, last := time.Now().UnixNano(), r.logged.Load()
	if last != 0 && now-last < int64(logEvery) || !r.logged.CompareAndSwap(last, now) {
		r.suppressed.Add(1)
		return
	}
	slog.LogAttrs(context.Background(), slog.LevelWarn, "a metric was not updated",
		slog.Any("error", err), slog.Int64("suppressed", r.suppressed.Swap(0)))
}
