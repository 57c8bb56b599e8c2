package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// ownSink is a sink that the caller of Collect provides. It makes its run wait, like one with a slow
// reader.
type ownSink struct {
	closed  chan struct{}
	isSure  atomic.Bool
	samples atomic.Int32
}

func newOwnSink() *ownSink { return &ownSink{closed: make(chan struct{})} }

func (s *ownSink) Sample(_ *model.Family, p *model.Point) error {
	if s.isSure.Load() {
		return engine.ErrAbandoned
	}
	s.samples.Add(1)
	if p.Value < 0 {
		<-s.closed
		return engine.ErrAbandoned
	}
	return nil
}

func (s *ownSink) Drop(error) {}
func (s *ownSink) Note(error) {}

func (s *ownSink) Close() {
	if s.isSure.CompareAndSwap(false, true) {
		close(s.closed)
	}
}

// wantClosed checks whether the sink is closed after the given time.
func (s *ownSink) wantClosed(t *testing.T, after time.Duration) {
	t.Helper()
	start := time.Now()
	<-s.closed
	took(t, start, after)
}

// TestSinkIsClosed checks that a sink is closed as soon as its run has returned, was left behind, or will
// not be started.
func TestSinkIsClosed(t *testing.T) {
	overdue := func(e *engine.Engine, c *engine.Collector) {
		scrape(e, timeout, c)
		time.Sleep(grace)
	}
	for name, test := range map[string]struct {
		run    engine.Run
		before func(e *engine.Engine, c *engine.Collector)
		closed time.Duration
		is     error
		sent   int32
	}{
		"returns": {
			run:  func(_ context.Context, _ engine.Running, sink engine.Sink) error { send(sink, 1); return nil },
			sent: 1,
		},
		"fails later": {
			run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				time.Sleep(time.Second)
				send(sink, 1)
				return errOwn
			},
			closed: time.Second, is: errOwn, sent: 1,
		},
		"panics": {
			run: func(_ context.Context, _ engine.Running, sink engine.Sink) error { send(sink, 1); panic(errOwn) },
			is:  errOwn, sent: 1,
		},
		"is left behind": {
			run:    func(context.Context, engine.Running, engine.Sink) error { time.Sleep(time.Hour); return nil },
			closed: timeout, is: context.DeadlineExceeded,
		},
		"is left behind while it writes": {
			run:    func(_ context.Context, _ engine.Running, sink engine.Sink) error { send(sink, 1, -1, 1); return nil },
			closed: timeout, is: context.DeadlineExceeded, sent: 2,
		},
		"is not started": {
			run:    func(context.Context, engine.Running, engine.Sink) error { time.Sleep(time.Hour); return nil },
			before: overdue, is: engine.ErrStillRunning,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					e    engine.Engine
					c    = aware(test.run)
					sink = newOwnSink()
				)
				if test.before != nil {
					test.before(&e, c)
				}
				out := make(chan []engine.Outcome, 1)
				go func() {
					ctx, cancel := context.WithTimeout(t.Context(), timeout)
					defer cancel()
					// The first run is slow.
					slow := engine.Job{Collector: shared(slowRun(timeout))}
					out <- e.Collect(ctx, []engine.Job{slow, {Collector: c, Sink: sink}})
				}()
				sink.wantClosed(t, test.closed)
				if o := (<-out)[1]; !errors.Is(o.Err, test.is) || o.Samples != nil {
					t.Errorf("ended with %v and %v, want %v", o.Samples, o.Err, test.is)
				}
				if got := sink.samples.Load(); got != test.sent {
					t.Errorf("%d samples were sent, want %d", got, test.sent)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

// TestSinkOfOverScrape checks that sinks are closed if the context of the scrape has ended already.
func TestSinkOfOverScrape(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sink := newOwnSink()
	new(engine.Engine).Collect(ctx, []engine.Job{{Collector: aware(nil), Sink: sink}})
	select {
	case <-sink.closed:
	default:
		t.Error("the sink is open")
	}
}
