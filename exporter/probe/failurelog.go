package probe

import (
	"log/slog"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/redact"
)

const (
	// burst is how many lines about probes may be logged at once. After that, one more is allowed every
	// lineEvery.
	burst     = 20
	lineEvery = 10 * time.Second
)

// failureLog logs failures of probes to the exporter's log, at a limited rate.
type failureLog struct {
	logger *slog.Logger

	mu      sync.Mutex
	full    time.Time // when a whole burst is available again
	omitted int
}

func newFailureLog(logger *slog.Logger) *failureLog { return &failureLog{logger: logger} }

// forProbe returns a logger for a probe. The logger also writes to text.
func (l *failureLog) forProbe(text *logText, module, target string) *slog.Logger {
	attrs := []slog.Attr{slog.String("module", module), slog.String("target", redact.Text(bounded(target)))}
	return slog.New(newProbeLog(text, l.logger.Handler().WithAttrs(attrs)))
}

// failed logs a failed probe.
func (l *failureLog) failed(module, target string, out outcome) {
	l.line("A probe has failed", "module", module, "target", redact.Text(bounded(target)), "result", string(out.result),
		"err", redact.Text(out.err.Error()), "duration", out.duration)
}

// refused logs a target that is not allowed. The client does not learn which targets are.
func (l *failureLog) refused(module, target string, reason error, allow []string) {
	const maxShown = 20
	l.line("A target has been refused", "module", module, "target", redact.Text(bounded(target)), "err", redact.Text(reason.Error()),
		"allowed", allow[:min(maxShown, len(allow))])
}

func (l *failureLog) badHeader(err error) { l.line("A probe request is not valid", "err", err) }

// line logs a line at level info, unless the rate limit is exceeded.
func (l *failureLog) line(message string, args ...any) {
	now := time.Now()
	l.mu.Lock()
	if l.full.Before(now) {
		l.full = now
	}
	if l.full.Sub(now) > (burst-1)*lineEvery {
		l.omitted++
		l.mu.Unlock()
		return
	}
	l.full = l.full.Add(lineEvery)
	omitted := l.omitted
	l.omitted = 0
	l.mu.Unlock()
	if omitted > 0 {
		args = append(args, "lines_omitted", omitted)
	}
	_, _ = try(func() (any, error) { // A program's handler that panics must not fail the probe.
		l.logger.Info(message, args...)
		return nil, nil
	})
}
