package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq"
)

// gather gathers under ctx and appends the requests to the queue. It returns the end of the queue. The last
// call, by Close, marks all series as stale.
func (p *Pusher) gather(ctx context.Context, last bool) (backlog.Position, error) {
	if err := p.takeTurn(ctx); err != nil {
		return p.log.End(), err
	}
	defer func() { p.turn <- struct{}{} }()
	if !last && p.isClosing() {
		return p.log.End(), ErrClosed
	}
	var (
		// The cause may be any error, as with errgroup.
		canceled = func() bool { return errors.Is(ctx.Err(), context.Canceled) }

		began = time.Now()
		round = p.history.Begin()
		queue = &queueWriter{p: p}
		rw    = &encode.RemoteWriter{
			TimestampMs: p.timestamp(began), ExemplarsFromMs: p.before, Round: round, Cancelled: canceled,
			MaxSamples: p.opts.MaxSamples, MaxBytes: p.opts.MaxBytes, NativeOnly: p.opts.NativeOnly,
			Compress: writebody.Compress,
		}
	)
	opts := encode.Options{Format: encode.RemoteWrite, Linked: rw.Maker}
	err := engine.Try(func() error { return p.source.ExposeTo(ctx, queue, opts) })
	p.before = began.UnixMilli()
	if canceled() {
		round.Discard() // Collectors that are missing from the round were not asked.
	} else {
		err = errors.Join(err, rw.WriteStale(queue, round, round.Missing))
		round.Commit()
	}
	if last && !p.opts.KeepOnClose {
		rw.TimestampMs = p.timestamp(began)
		err = errors.Join(err, rw.WriteStale(queue, nil, p.history.All))
	}
	return p.log.End(), errors.Join(append(p.log.Faults(), err, queue.err)...)
}

// takeTurn waits until no other goroutine gathers. It ignores that ctx is done if the turn is free.
func (p *Pusher) takeTurn(ctx context.Context) error {
	select {
	case <-p.turn:
		return nil
	default:
	}
	select {
	case <-p.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("another push is still gathering: %w", context.Cause(ctx))
	}
}

func (p *Pusher) isClosing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closing
}

// aheadMs limits how far a clock may go back while timestamps still ascend, in milliseconds.
const aheadMs = 1000

// timestamp returns the timestamp of a push. It is later than the timestamp of the previous push, unless the
// clock was set back.
func (p *Pusher) timestamp(now time.Time) int64 {
	ms := now.UnixMilli()
	if ms <= p.newest && ms > p.newest-aheadMs {
		ms = p.newest + 1
	}
	p.newest = ms
	return ms
}

// queueWriter appends records to the queue.
type queueWriter struct {
	p   *Pusher
	err error // the first error
}

var _ io.Writer = (*queueWriter)(nil)

// Write appends a record. It never fails, because the next record may fit in the queue again.
func (w *queueWriter) Write(data []byte) (int, error) {
	record, err := writereq.Decode(data)
	if err != nil {
		panic("BUG: remotewrite: " + err.Error())
	}
	if _, err := w.p.log.Append(&record); err != nil {
		for _, t := range w.p.targets {
			t.lost(record.Counts)
		}
		if w.err == nil {
			w.err = fmt.Errorf("the queue cannot take a request: %w", err)
		}
	}
	for _, t := range w.p.targets {
		t.queued(record.NewestMs)
	}
	return len(data), nil
}
