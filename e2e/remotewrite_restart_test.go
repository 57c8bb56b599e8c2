//go:build e2e

package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/luxfi/metric/push/remotewrite"
)

// testReceiverRestarts kills the receiver between pushes and in the middle of a push.
func testReceiverRestarts(t *testing.T, r *receiver) {
	source := newTicks(100)
	s := newSender(t, "restart", r.url(), source, remotewrite.Opts{MaxSamples: 20})
	step := func() {
		source.observe()
		s.push(t)
	}
	step()
	step()
	r.end(t)
	for range 3 {
		source.observe()
		s.queue(t, s.pusher.Push)
	}
	r.start(t)
	step()
	s.compare(t, r)

	// The sender is not safe for concurrent use, so only the receiver is ended in another goroutine.
	pushed := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	began := make(chan struct{})
	go func() {
		var errs error
		for i := range 30 {
			if i == 3 {
				close(began)
			}
			source.observe()
			errs = errors.Join(errs, s.record(func() error { return s.pusher.Push(ctx) }))
		}
		pushed <- errs
	}()
	<-began
	r.end(t)
	r.start(t)
	if err := <-pushed; err != nil {
		t.Errorf("pushes through a restart: %v", err)
	}
	s.compareOnce(t, r)
}

// end ends the server. It kills servers that keep accepted samples even then.
func (r *receiver) end(t *testing.T) {
	t.Helper()
	if r.name == victoriaMetricsName { // When killed, it may lose the samples of the last seconds.
		r.process.stop(t)
	} else {
		r.process.kill(t)
	}
}
