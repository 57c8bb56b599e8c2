package probe

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/luxfi/metric/internal/redact"
)

// maxLog is the size limit of a probe's log, in bytes.
const maxLog = 64 << 10

// logText is the log of a probe as text. It keeps the beginning.
type logText struct {
	mu   sync.Mutex
	text []byte
	full bool
}

// Write keeps the part of line that fits. It never fails.
func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full || len(l.text)+len(line) > maxLog {
		l.full = true
		return len(line), nil
	}
	l.text = append(l.text, line...)
	return len(line), nil
}

// String returns the log with credentials hidden.
func (l *logText) String() string {
	l.mu.Lock()
	text, full := string(l.text), l.full
	l.mu.Unlock()
	text = redact.Text(text)
	if full {
		text += "… truncated\n"
	}
	return text
}

// probeLog is the slog.Handler of a probe's logger.
type probeLog struct {
	own      slog.Handler // writes to a logText, at all levels
	exporter slog.Handler // the exporter's handler, which gets all records at level debug
}

// everything is lower than all other levels.
const everything = slog.Level(-1 << 30)

func newProbeLog(to *logText, exporter slog.Handler) probeLog {
	return probeLog{slog.NewTextHandler(to, &slog.HandlerOptions{Level: everything}), exporter}
}

func (l probeLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle logs a record. A program's handler that panics does not fail the probe.
func (l probeLog) Handle(ctx context.Context, r slog.Record) error {
	_, own := try(func() (any, error) { return nil, l.own.Handle(ctx, r.Clone()) })
	_, exporter := try(func() (any, error) {
		if !l.exporter.Enabled(ctx, slog.LevelDebug) {
			return nil, nil
		}
		r.Level = slog.LevelDebug
		return nil, l.exporter.Handle(ctx, r)
	})
	return errors.Join(own, exporter)
}

func (l probeLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return probeLog{l.own.WithAttrs(attrs), l.exporter.WithAttrs(attrs)}
}

func (l probeLog) WithGroup(name string) slog.Handler {
	return probeLog{l.own.WithGroup(name), l.exporter.WithGroup(name)}
}
