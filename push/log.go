package push

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

const (
	// logInterval is the least time between two logs of the same error.
	logInterval = time.Minute
	// logTimeout limits how long a loop waits for its logger.
	logTimeout = time.Second
)

// failureLog logs the results of a loop's calls and suppresses repeated errors. It must be used by only one
// goroutine.
type failureLog struct {
	logger  *slog.Logger // nil means slog.Default()
	name    string
	handler callback.Caller

	last       string    // last error that was logged, as sameness returns it
	logged     time.Time // when last was logged
	suppressed int       // errors suppressed since then
	failures   int       // failures since the last success
	announced  bool      // whether one of the failures was logged
}

// note logs the result of a call under ctx unless it should be suppressed.
func (l *failureLog) note(ctx context.Context, err error) {
	kind := engine.KindOf(err)
	switch {
	case err == nil:
		l.recovered(ctx)
	case !isEnd(ctx, err, kind):
		l.failed(ctx, err, kind)
	}
}

// recovered logs the first success after failures that were logged.
func (l *failureLog) recovered(ctx context.Context) {
	if l.announced {
		l.write(ctx, slog.LevelInfo, "pushing metrics works again", slog.Int("failures", l.failures))
	}
	l.announced, l.failures = false, 0
}

// failed logs an error unless the same one was logged within logInterval. Successes in between do not
// matter; otherwise a function that fails every second time would have each error logged.
func (l *failureLog) failed(ctx context.Context, err error, kind engine.Kind) {
	l.failures++
	text := sameness(err)
	if text == l.last && time.Since(l.logged) < logInterval {
		l.suppressed++
		return
	}
	attrs := []slog.Attr{slog.String("kind", kind.String()), slog.Any("error", err)}
	if l.suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", l.suppressed))
	}
	if stack := stackOf(err); stack != "" {
		attrs = append(attrs, slog.String("stack", stack))
	}
	l.write(ctx, slog.LevelError, "pushing metrics failed", attrs...)
	l.last, l.logged, l.suppressed, l.announced = text, time.Now(), 0, true
}

// write calls the logger. It is user code, so it may panic or block.
func (l *failureLog) write(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	if l.name != "" {
		attrs = append([]slog.Attr{slog.String("push", l.name)}, attrs...)
	}
	ctx = context.WithoutCancel(ctx)
	limited, cancel := context.WithTimeout(ctx, logTimeout)
	defer cancel()
	_ = l.handler.Call(callback.NewAllowance(limited), func() error {
		logger.LogAttrs(ctx, level, message, attrs...)
		return nil
	})
}

// sameness returns the text of err without digits, because port numbers, durations and the like differ from
// one failure to the next.
func sameness(err error) (text string) {
	_ = engine.Try(func() error {
		text = err.Error()
		return nil
	})
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
}

// stackOf returns the stack of the panic in err, or "" if err is not a panic.
func stackOf(err error) (stack string) {
	_ = engine.Try(func() error {
		if panicked, ok := errors.AsType[*metric.PanicError](err); ok {
			stack = string(panicked.Stack)
		}
		return nil
	})
	return stack
}
