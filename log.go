package metric

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
			l.log(context.Background(), nil, collectingFailed, failed.Failures)
			return
		}
		l.log(context.Background(), nil, "serving metrics failed", []*CollectorError{{Err: err}})
	}
}

// logInterval is how often a collector may fill the log with failures of one kind.
const logInterval = time.Minute

// failureLog logs failures, but not all of a flood of them.
type failureLog struct {
	logger *slog.Logger // Nil means what slog.Default returns when there is something to log.

	handler callback // Calls of the logger.

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

// log logs failures, and waits for that as long as p allows: the handler of the logger is
// somebody else's code. Lines that cannot be written because it blocks count as
// suppressed. log does nothing if l is nil.
func (l *failureLog) log(ctx context.Context, p *callbackWait, message string, list []*CollectorError) {
	if l == nil {
		return
	}
	logger := l.logger
	if logger == nil {
		logger = slog.Default()
	}
	for _, f := range list {
		key := logKey{f.Collector, engine.KindOf(f.Err)}
		suppressed, ok := l.allow(key)
		if !ok {
			continue
		}
		_, err := call(&l.handler, p, func() (began struct{}, err error) {
			logger.LogAttrs(ctx, slog.LevelError, message, failureAttrs(f, key.kind, suppressed)...)
			return began, nil
		})
		if errors.Is(err, errCallbackBlocked) {
			l.suppress(key, suppressed+1)
		}
	}
}

// worthLogging returns the failures of the scrape that say something about collectors. If
// the client has gone away, collectors fail because their context was cancelled, in whatever
// words; only panics are worth a line then.
func (s *scrape) worthLogging() []*CollectorError {
	if !s.abandoned {
		return s.failures.list
	}
	return slices.DeleteFunc(slices.Clone(s.failures.list), func(f *CollectorError) bool {
		_, panicked := asPanic(f.Err)
		return !panicked
	})
}

// failureAttrs returns the attributes of a line.
func failureAttrs(f *CollectorError, kind engine.Kind, suppressed int) []slog.Attr {
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

// suppress counts lines that were allowed but could not be written.
func (l *failureLog) suppress(key logKey, lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit := l.limits[key]; limit != nil {
		limit.suppressed += lines
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
