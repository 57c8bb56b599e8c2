//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// testOutageOnDisk stops the receiver for many pushes and a restart of the sender. The queue on disk must lose
// nothing.
func testOutageOnDisk(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := newTicks(200)
	opts := remotewrite.Opts{QueueDir: t.TempDir(), KeepOnClose: true, MaxSamples: 50}
	s := newSender(t, "disk", f.url(), source, opts)
	s.push(t)
	f.refuse(t)
	for range 10 {
		source.observe()
		s.queue(t, s.pusher.Push)
	}
	source.observe()
	s.queue(t, s.pusher.Close)

	restarted := newSender(t, "disk", f.url(), source, opts)
	restarted.pushes = s.pushes
	if n, want := restarted.pending(), 11*len(source.held()); n != want {
		t.Errorf("after a restart, %d samples are in the queue, want %d", n, want)
	}
	for range 10 {
		source.observe()
		restarted.queue(t, restarted.pusher.Push)
	}
	f.accept(t)
	source.observe()
	restarted.push(t)
	restarted.compare(t, r)
	restarted.checkCounts(t, 0, 0)
}

// testOutageInMemory stops the receiver until the queue has overflowed. The Pusher must lose exactly the samples
// that it counts as lost.
func testOutageInMemory(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := newTicks(200)
	s := newSender(t, "memory", f.url(), source, remotewrite.Opts{QueueBytes: 16 << 10, MaxSamples: 30})
	s.push(t)
	f.refuse(t)
	for range 40 {
		source.observe()
		s.queue(t, s.pusher.Push)
	}
	dropped := int(s.counted(t, "samples_dropped_total"))
	if all := 40 * len(source.held()); dropped == 0 || dropped >= all {
		t.Errorf("%d of %d samples were dropped, want some", dropped, all)
	}
	f.accept(t)
	source.observe()
	s.wantErr = "samples were dropped" // This push drops samples as well.
	s.push(t)
	dropped = int(s.counted(t, "samples_dropped_total"))
	s.compareLossy(t, r, dropped)
	s.checkCounts(t, 0, dropped)
}

// gathers is a source with a gauge that counts how often the source was gathered.
type gathers struct {
	registry *metric.ContextRegistry
	times    atomic.Int64
}

func (g *gathers) gatherer() metric.GathererWithContext { return g.registry }
func (g *gathers) held() map[string]float64             { return nil }

// testRun pushes at an interval during an outage.
func testRun(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := &gathers{registry: metric.NewContextRegistry()}
	source.registry.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "gathers", Help: "So far."}, func() float64 {
		return float64(source.times.Add(1))
	}))
	s := newSender(t, "run", f.url(), source, remotewrite.Opts{Interval: 20 * time.Millisecond, Timeout: maxWait, KeepOnClose: true})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.pusher.Run(ctx) }()
	for i := range int64(3) {
		if i == 1 {
			f.refuse(t)
		}
		if i == 2 {
			f.accept(t)
		}
		eventually(t, func() error {
			if n := source.times.Load(); n < (i+1)*5 {
				return fmt.Errorf("gathered %d times", n)
			}
			return nil
		})
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run has ended with %v", err)
	}
	s.close(t)
	stream := r.stored(t, s.job).series[series("gathers")]
	times := int(source.times.Load())
	// The end of Run may have interrupted a push, before the push of Close.
	if stream == nil || len(stream.Values) < times-1 {
		t.Fatalf("got %v, want a sample for each of %d pushes", stream, times)
	}
	for i, v := range stream.Values {
		if int(v.Value) != i+1 && (i < len(stream.Values)-1 || int(v.Value) != times) {
			t.Errorf("sample %d is %v", i, v)
		}
	}
}
