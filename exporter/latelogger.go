package exporter

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric/internal/redact"
)

// lateLogger is the log handler of a registry that is made before the flags configure logging. It passes
// records on to the exporter's logger, hides credentials in errors, and lowers records about a collector
// without data to level debug.
type lateLogger struct {
	once   sync.Once
	logger atomic.Pointer[slog.Logger]
}

// use returns the logger. The first call makes it with newLogger.
func (l *lateLogger) use(newLogger func() *slog.Logger) *slog.Logger {
	l.once.Do(func() { l.logger.Store(newLogger()) })
	return l.logger.Load()
}

func (l *lateLogger) handler() slog.Handler {
	if logger := l.logger.Load(); logger != nil {
		return logger.Handler()
	}
	return slog.Default().Handler()
}

// Enabled implements slog.Handler.
func (l *lateLogger) Enabled(ctx context.Context, level slog.Level) bool {
	return l.handler().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l *lateLogger) Handle(ctx context.Context, record slog.Record) error {
	h := l.handler()
	if hasNoData(record) {
		record.Level = slog.LevelDebug
		if !h.Enabled(ctx, record.Level) {
			return nil
		}
	}
	return h.Handle(ctx, redacted(record))
}

// redacted returns a copy of a record with the credentials in its errors hidden.
func redacted(record slog.Record) slog.Record {
	safe := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(redact.Text(err.Error()))
		}
		safe.AddAttrs(a)
		return true
	})
	return safe
}

func hasNoData(record slog.Record) (found bool) {
	record.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		found = ok && errors.Is(err, ErrNoData)
		return !found
	})
	return found
}

// WithAttrs implements slog.Handler.
func (l *lateLogger) WithAttrs(attrs []slog.Attr) slog.Handler { return l.handler().WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l *lateLogger) WithGroup(name string) slog.Handler { return l.handler().WithGroup(name) }
