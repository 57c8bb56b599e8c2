package scrape

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/labelmap"
)

// overflowLog is called at the end of each scrape of a registry that logs. It is nil in programs without
// limits.
var overflowLog atomic.Pointer[func(*Scrape, *FailureLog)]

// overflowInterval is the least time between two log lines about a vector that keeps overflowing.
const overflowInterval = time.Hour

// Kinds of log lines about limits, beside the kinds of failures.
const (
	kindOverflow engine.Kind = -1 - iota
	kindLongValue
)

// logOverflows logs the vectors of the scrape that have overflowed since they were last logged.
func (s *Scrape) logOverflows(l *FailureLog) {
	for _, p := range s.parts {
		for _, e := range p.plan.entries {
			if vector := e.limits(); vector != nil {
				s.logOverflow(l, p.nameOf(e), e.family(), vector)
			}
		}
	}
}

// family returns the name of a vector's family, as registered.
func (e *Entry) family() string {
	if names := e.Announced.Names(); len(names) > 0 {
		return names[0]
	}
	return e.name
}

// limited is the part of instrument.Limited that describes the state of a vector.
type limited interface {
	Usage() labelmap.Usage
	Names() []string
	Labels() (labels []labelmap.LabelUsage, bytes int)
}

func (s *Scrape) logOverflow(l *FailureLog, collector, family string, vector limited) {
	u := vector.Usage()
	if l.limits.allowGrown(logKey{collector, kindLongValue}, u.Long) {
		s.logLimit(l, logKey{collector, kindLongValue}, longMessage(family, &u, vector.Names()), u.LongLabel)
	}
	if !u.Full || !l.limits.allowGrown(logKey{collector, kindOverflow}, u.Overflowed) {
		return
	}
	labels, _ := vector.Labels()
	s.logLimit(l, logKey{collector, kindOverflow}, fullMessage(family, &u, labels, vector.Names()), labels[0].Name)
}

func (s *Scrape) logLimit(l *FailureLog, key logKey, message, label string) {
	err := l.write(s.ctx, s.Allowance, slog.LevelWarn, message, []slog.Attr{slog.String("collector", key.collector), slog.String("label", label)})
	if errors.Is(err, callback.ErrBlocked) {
		l.limits.forget(key)
	}
}

// fullMessage returns the message that a vector has no room, and which label has used it up.
func fullMessage(family string, u *labelmap.Usage, labels []labelmap.LabelUsage, names []string) string {
	what := fmt.Sprintf("vector %q has reached its limit of %d series", family, u.Limit)
	if u.By != nil {
		what = fmt.Sprintf("vector %q cannot grow beyond %d series, because its registry has reached the limit of %d series",
			family, u.Series, u.By.Series)
	}
	return fmt.Sprintf("%s: label %q has %d values; new label sets are counted in %s", what, labels[0].Name, labels[0].Values, overflowLabels(names))
}

// longMessage returns the message that a label has values that are too long.
func longMessage(family string, u *labelmap.Usage, names []string) string {
	then := "they are cut"
	if u.Values.Long == labelmap.OverflowLongValues {
		then = "new label sets with them are counted in " + overflowLabels(names)
	}
	return fmt.Sprintf("vector %q gets values of label %q that are longer than its limit of %d bytes: %s", family, u.LongLabel, u.Values.Bytes, then)
}

func overflowLabels(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s=%q", name, labelmap.OverflowValue)
	}
	return "{" + b.String() + "}"
}

// allowGrown reports whether a line about a count may be written now: the count has grown since the last
// such line, and that line is old enough.
func (l *LogLimits) allowGrown(key logKey, count uint64) (ok bool) {
	if count == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.limitOf(key, overflowInterval)
	if count <= limit.count {
		return false
	}
	limit.sometimes.Do(func() {
		limit.count = count
		ok = true
	})
	return ok
}

// forget allows the next line about a key because the last one could not be written.
func (l *LogLimits) forget(key logKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.limits, key)
}
