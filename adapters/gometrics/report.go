package gometrics

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric"
)

// droppedName is the name of the counter of updates that were left out.
const droppedName = "gometrics_dropped_updates_total"

// reason is why the sink reports something.
type reason int

const (
	badValue reason = iota
	badName
	overLimit
	renamedMetric
	numReasons
)

// String returns the value of the label reason.
func (r reason) String() string {
	return [numReasons]string{"value", "name", "limit", "renamed"}[r]
}

// logEvery is how often errors with the same reason are logged at most.
const logEvery = time.Minute

// reporter counts updates that were left out, and reports errors.
type reporter struct {
	dropped *metric.CounterVec
	onError func(error) // Nil stands for the log.

	logs [numReasons]struct {
		last       atomic.Int64 // When the last line was written, in nanoseconds since the Unix epoch.
		suppressed atomic.Int64 // Errors since then.
	}
}

func newReporter(onError func(error)) *reporter {
	return &reporter{
		onError: onError,
		dropped: metric.NewCounterVec(metric.CounterOpts{
			Name: droppedName,
			Help: "Updates by go-metrics that were left out, by reason.",
		}, []string{"reason"}),
	}
}

// drop counts and reports an update that was left out.
func (r *reporter) drop(why reason, err error) {
	r.dropped.WithLabelValues(why.String()).Inc()
	r.error(why, err)
}

// error reports an error.
func (r *reporter) error(why reason, err error) {
	if r.onError != nil {
		r.onError(err)
		return
	}
	log := &r.logs[why]
	now, last := time.Now().UnixNano(), log.last.Load()
	if last != 0 && now-last < int64(logEvery) || !log.last.CompareAndSwap(last, now) {
		log.suppressed.Add(1)
		return
	}
	slog.LogAttrs(context.Background(), slog.LevelWarn, "go-metrics sink",
		slog.Any("error", err), slog.Int64("suppressed", log.suppressed.Swap(0)))
}
