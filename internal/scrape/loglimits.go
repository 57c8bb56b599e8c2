package scrape

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

// logInterval is the least time between two log lines about the same kind of failure of a collector.
const logInterval = time.Minute

// maxLogLimits bounds the memory of a log whose registry keeps getting new collectors.
const maxLogLimits = 10_000

// LogLimits holds what several logs of failures share. The zero value is ready to use.
type LogLimits struct {
	mu     sync.Mutex
	limits map[logKey]*logLimit
	writes map[*logWrite]struct{} // calls that have not returned
}

type logKey struct {
	collector string
	kind      engine.Kind
}

type logLimit struct {
	sometimes  rate.Sometimes
	suppressed int
	count      uint64 // see allowGrown
}

// logWrite is a call of a logger.
type logWrite struct{ began time.Time }

// allow reports whether a failure may be logged now. suppressed is the number of failures since the last
// logged one.
func (l *LogLimits) allow(key logKey) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.limitOf(key, logInterval)
	limit.sometimes.Do(func() { ok = true })
	if !ok {
		limit.suppressed++
		return 0, false
	}
	suppressed, limit.suppressed = limit.suppressed, 0
	return suppressed, true
}

// limitOf returns the limit of a key. The mutex must be held.
func (l *LogLimits) limitOf(key logKey, interval time.Duration) *logLimit {
	limit := l.limits[key]
	if limit == nil {
		if l.limits == nil {
			l.limits = make(map[logKey]*logLimit)
		}
		if len(l.limits) >= maxLogLimits {
			clear(l.limits)
		}
		limit = &logLimit{sometimes: rate.Sometimes{Interval: interval}}
		l.limits[key] = limit
	}
	return limit
}

// suppress counts lines that were allowed but could not be written.
func (l *LogLimits) suppress(key logKey, lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit := l.limits[key]; limit != nil {
		limit.suppressed += lines
	}
}

// begin returns a new call of a logger, or nil if an earlier call blocks. The caller must call end when the
// call returns.
func (l *LogLimits) begin() *logWrite {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for w := range l.writes {
		if now.Sub(w.began) > callback.StuckAfter {
			return nil
		}
	}
	if l.writes == nil {
		l.writes = make(map[*logWrite]struct{})
	}
	w := &logWrite{now}
	l.writes[w] = struct{}{}
	return w
}

// end records that a call has returned.
func (l *LogLimits) end(w *logWrite) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.writes, w)
}
