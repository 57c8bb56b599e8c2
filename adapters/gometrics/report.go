package gometrics

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric"
)

// droppedName is the name of the counter of updates that have been left out.
const droppedName = "gometrics_dropped_updates_total"

// reason is the reason for a report.
type reason int

const (
	badValue reason = iota
	badName
	overLimit
	renamedMetric
	numReasons
)

// String returns the reason as a value of the label reason.
func (r reason) String() string {
	return [numReasons]string{"value", "name", "limit", "renamed"}[r]
}

// logEvery is the minimum time between log lines about errors with the same reason.
const logEvery = time.Minute

// reporter counts updates that have been left out, and reports errors.
type reporter struct {
	dropped *metric.CounterVec
	onError func(error) // nil means the log

	logs [numReasons]struct {
		last       atomic.Int64 // time of the last line, in nanoseconds since the Unix epoch
		suppressed atomic.Int64 // number of errors since then
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

// drop counts an update that has been left out, and reports its error.
func (r *reporter) drop(why reason, err error) {
	r.dropped.WithLabelValues(why.String()).Inc()
	r.error(why, err)
}

// error passes an error to onError, or logs it.
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
