package remotewrite

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/writereq"
)

// failureLog logs that a target fails, at most once a minute, and that it works again.
type failureLog struct {
	logger *slog.Logger
	target string
	caller callback.Caller

	mu         sync.Mutex
	since      time.Time // The first failure in a row; zero if the last request was taken.
	logged     time.Time // When a failure was logged last.
	suppressed int
	rejections rejections
}

// rejections are those that were not logged.
type rejections struct {
	logged time.Time
	counts writereq.Counts
}

const (
	logInterval = time.Minute
	logPatience = time.Second // How long sending waits for a logger.
)

// note logs what has become of a request, if that is worth it.
func (l *failureLog) note(ctx context.Context, got *outcome) {
	switch {
	case got.verdict == postponed:
		l.fails(ctx, got.err)
	case got.err != nil:
		l.rejected(ctx, got.err, got.failed)
	default:
		l.works(ctx)
	}
}

// fails logs a failure that may pass.
func (l *failureLog) fails(ctx context.Context, err error) {
	l.mu.Lock()
	now := time.Now()
	if l.since.IsZero() {
		l.since = now
	}
	if now.Sub(l.logged) < logInterval {
		l.suppressed++
		l.mu.Unlock()
		return
	}
	since, suppressed := l.since, l.suppressed
	l.logged, l.suppressed = now, 0
	l.mu.Unlock()
	l.log(ctx, slog.LevelWarn, "remote write fails, and is tried again", slog.Any("err", err),
		slog.Duration("for", now.Sub(since)), slog.Int("suppressed", suppressed))
}

// works logs that a target has taken a request, if it has failed before.
func (l *failureLog) works(ctx context.Context) {
	l.mu.Lock()
	since, logged := l.since, !l.logged.IsZero()
	l.since, l.logged, l.suppressed = time.Time{}, time.Time{}, 0
	l.mu.Unlock()
	if !since.IsZero() && logged {
		l.log(ctx, slog.LevelInfo, "remote write works again", slog.Duration("after", time.Since(since)))
	}
}

// rejected logs that a target has rejected samples.
func (l *failureLog) rejected(ctx context.Context, err error, failed writereq.Counts) {
	l.mu.Lock()
	r := &l.rejections
	r.counts.Add(failed)
	now := time.Now()
	if now.Sub(r.logged) < logInterval {
		l.mu.Unlock()
		return
	}
	counts := r.counts
	*r = rejections{logged: now}
	l.mu.Unlock()
	l.log(ctx, slog.LevelError, "remote write is rejected", slog.Any("err", err),
		slog.Uint64("samples", counts.Samples), slog.Uint64("histograms", counts.Histograms), slog.Uint64("exemplars", counts.Exemplars))
}

// log calls the logger, which may panic, and does not wait long for one that blocks.
func (l *failureLog) log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), logPatience)
	defer cancel()
	attrs = append([]slog.Attr{slog.String("target", l.target)}, attrs...)
	_ = l.caller.Call(callback.NewPatience(patience), func() error {
		l.logger.LogAttrs(patience, level, msg, attrs...)
		return nil
	})
}
