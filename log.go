package metric

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric/internal/engine"
)

// LogErrors returns a function for HandlerOpts.ErrorLog that logs each failure as one
// line, at most once a minute for each collector and kind of failure; WithLogger tells
// which attributes a line has. A nil logger is the default one at that time. The function
// is safe for concurrent use.
func LogErrors(logger *slog.Logger) func(error) {
	l := newFailureLog(logger)
	return func(err error) {
		if failed, ok := errors.AsType[*GatherError](err); ok {
			l.log(context.Background(), collectingFailed, failed.Failures)
			return
		}
		l.log(context.Background(), "serving metrics failed", []*CollectorError{{Err: err}})
	}
}

// logInterval is how often a collector may fill the log with failures of one kind.
const logInterval = time.Minute

// failureLog logs failures, but not all of a flood of them.
type failureLog struct {
	logger *slog.Logger // Nil means what slog.Default returns when there is something to log.

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
	return &failureLog{logger: logger, limits: make(map[logKey]*logLimit)}
}

// maxLogLimits bounds the memory of a log whose registry has ever new collectors.
const maxLogLimits = 10_000

// collectingFailed is the message about a failure of a collector.
const collectingFailed = "collecting metrics failed"

// log logs failures. It does nothing if l is nil.
func (l *failureLog) log(ctx context.Context, message string, list []*CollectorError) {
	if l == nil {
		return
	}
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	for _, f := range list {
		kind := engine.KindOf(f.Err)
		suppressed, ok := l.allow(logKey{f.Collector, kind})
		if !ok {
			continue
		}
		attrs := []slog.Attr{slog.String("kind", kind.String()), slog.Any("error", f.Err)}
		if f.Collector != "" {
			attrs = append(attrs, slog.String("collector", f.Collector))
		}
		if suppressed > 0 {
			attrs = append(attrs, slog.Int("suppressed", suppressed))
		}
		if panicked, ok := asPanic(f.Err); ok {
			attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
		}
		_ = engine.Try(func() error { // A handler's panic is its own affair.
			logger.LogAttrs(ctx, slog.LevelError, message, attrs...)
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
