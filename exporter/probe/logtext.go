package probe

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/luxfi/metric/internal/redact"
)

// maxLog is the size of the log of a probe, in bytes.
const maxLog = 64 << 10

// logText is the log of a probe as text. It keeps the beginning.
type logText struct {
	mu   sync.Mutex
	text []byte
	full bool
}

// Write keeps what there is room for. It never fails.
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

// String returns the log without credentials.
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

// probeLog is the slog.Handler of the logger of a probe.
type probeLog struct {
	own      slog.Handler // Writes to a logText, at all levels.
	exporter slog.Handler // Of the exporter, which gets everything at level debug.
}

// everything is a level below all others.
const everything = slog.Level(-1 << 30)

func newProbeLog(to *logText, exporter slog.Handler) probeLog {
	return probeLog{slog.NewTextHandler(to, &slog.HandlerOptions{Level: everything}), exporter}
}

func (l probeLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle logs a record. A handler of the program that panics costs no probe.
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
