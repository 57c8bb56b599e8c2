package metric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

// LogErrors returns a function for HandlerOpts.ErrorLog that logs each failure as one
// line, at most once a minute for each collector and kind of failure; WithLogger tells
// which attributes a line has. A nil logger is the default one at that time. The function
// is safe for concurrent use.
//
// By default, the limit is that of this one function. A program that makes a handler for each
// request passes one [LogLimits] to all calls. More than one LogLimits panics.
func LogErrors(logger *slog.Logger, limits ...*LogLimits) func(error) {
	l := newFailureLog(logger, limits...)
	return func(err error) {
		if failed, ok := errors.AsType[*GatherError](err); ok {
			l.log(context.Background(), nil, collectingFailed, failed.Failures)
			return
		}
		l.log(context.Background(), nil, "serving metrics failed", []*failure{{Err: err}})
	}
}

// failureLog logs failures, but not all of a flood of them.
type failureLog struct {
	logger  *slog.Logger // Nil means what slog.Default returns when there is something to log.
	limits  *LogLimits
	handler callback.Caller // Calls of the logger.
}

func newFailureLog(logger *slog.Logger, limits ...*LogLimits) *failureLog {
	switch {
	case len(limits) > 1:
		panic(fmt.Errorf("a log of failures takes one LogLimits, not %d", len(limits)))
	case len(limits) == 0 || limits[0] == nil:
		return &failureLog{logger: logger, limits: new(LogLimits)}
	default:
		return &failureLog{logger: logger, limits: limits[0]}
	}
}

// collectingFailed is the message about a failure of a collector.
const collectingFailed = "collecting metrics failed"

// log logs failures, and waits for that as long as p allows: the handler of the logger is
// somebody else's code. Lines that cannot be written because it blocks count as
// suppressed. log does nothing if l is nil.
func (l *failureLog) log(ctx context.Context, p *callback.Patience, message string, list []*failure) {
	if l == nil {
		return
	}
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	for _, f := range list {
		key := logKey{f.Collector, engine.KindOf(f.Err)}
		suppressed, ok := l.limits.allow(key)
		if !ok {
			continue
		}
		err := l.handler.Call(p, func() error {
			w := l.limits.begin()
			if w == nil {
				return callback.ErrBlocked
			}
			defer l.limits.end(w)
			logger.LogAttrs(ctx, slog.LevelError, message, failureAttrs(f, key.kind, suppressed)...)
			return nil
		})
		if errors.Is(err, callback.ErrBlocked) {
			l.limits.suppress(key, suppressed+1)
		}
	}
}

// worthLogging returns the failures of the scrape that say something about collectors. If
// the client has gone away, collectors fail because their context was cancelled, in whatever
// words; only panics are worth a line then.
func (s *scrape) worthLogging() []*failure {
	if !s.abandoned {
		return s.failures.list
	}
	return slices.DeleteFunc(slices.Clone(s.failures.list), func(f *failure) bool {
		_, panicked := asPanic(f.Err)
		return !panicked
	})
}

// failureAttrs returns the attributes of a line.
func failureAttrs(f *failure, kind engine.Kind, suppressed int) []slog.Attr {
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
	return attrs
}
