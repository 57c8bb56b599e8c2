package gokit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Option is an option of the constructors of this package.
type Option func(*reporter)

// OnError lets report get the error of each update that is left out, in place of the log. It is called
// by the goroutine that makes the update, so it must be quick, and safe for concurrent use. A nil
// function ignores the errors.
func OnError(report func(error)) Option {
	if report == nil {
		report = func(error) {}
	}
	return func(r *reporter) { r.onError = report }
}

// logEvery is how often the mistakes of one metric are logged at most.
const logEvery = time.Minute

// reporter reports updates that are left out.
type reporter struct {
	onError func(error) // Nil stands for the log.

	logged     atomic.Int64 // When the last line was written, in nanoseconds since the Unix epoch.
	suppressed atomic.Int64 // Errors since then.
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
