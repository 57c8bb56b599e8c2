package scrape

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/order"
)

// FailureLog logs failures, but limits a flood of them.
type FailureLog struct {
	logger  *slog.Logger // nil means the current slog.Default
	limits  *LogLimits
	handler callback.Caller // calls the logger
}

// NewFailureLog returns a log with the given limits, or with its own if limits is nil.
func NewFailureLog(logger *slog.Logger, limits *LogLimits) *FailureLog {
	if limits == nil {
		limits = new(LogLimits)
	}
	return &FailureLog{logger: logger, limits: limits}
}

// CollectingFailed is the log message about a failure of a collector.
const CollectingFailed = "collecting metrics failed"

// Log logs failures, and waits for that as long as p allows, since the handler of the logger is user code.
// Lines that cannot be written because the handler blocks count as suppressed. Log does nothing if l is
// nil.
func (l *FailureLog) Log(ctx context.Context, p *callback.Allowance, message string, list []*Failure) {
	if l == nil {
		return
	}
	for _, f := range list {
		key := logKey{f.Collector, engine.KindOf(f.Err)}
		suppressed, ok := l.limits.allow(key)
		if !ok {
			continue
		}
		err := l.write(ctx, p, slog.LevelError, message, failureAttrs(f, key.kind, suppressed))
		if errors.Is(err, callback.ErrBlocked) {
			l.limits.suppress(key, suppressed+1)
		}
	}
}

// write writes a line. The error is [callback.ErrBlocked] if the logger blocks.
func (l *FailureLog) write(ctx context.Context, p *callback.Allowance, level slog.Level, message string, attrs []slog.Attr) error {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	return l.handler.Call(p, func() error {
		w := l.limits.begin()
		if w == nil {
			return callback.ErrBlocked
		}
		defer l.limits.end(w)
		logger.LogAttrs(ctx, level, message, attrs...)
		return nil
	})
}

// WorthLogging returns the failures of the scrape that say something about collectors. If the client has
// gone away, collectors fail because their context was canceled, and describe that in words of their own.
// Then only panics are worth a line.
func (s *Scrape) WorthLogging() []*Failure {
	if !s.Abandoned {
		return s.Failures.list
	}
	return order.DeleteFunc(slices.Clone(s.Failures.list), func(f *Failure) bool {
		_, panicked := asPanic(f.Err)
		return !panicked
	})
}

// failureAttrs returns the attributes of a log line.
func failureAttrs(f *Failure, kind engine.Kind, suppressed int) []slog.Attr {
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
