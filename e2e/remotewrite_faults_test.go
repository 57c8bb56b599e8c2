//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
	"github.com/luxfi/metric/relabel"
)

// TestRemoteWriteFaults pushes to a Prometheus through a proxy that fails in every way.
func TestRemoteWriteFaults(t *testing.T) {
	t.Parallel()
	r := newPrometheus(t, "Prometheus", remotewrite.Auto)
	for name, test := range map[string]func(*testing.T, *receiver){
		"outage with a queue on disk":   testOutageOnDisk,
		"outage with a queue in memory": testOutageInMemory,
		"429 storm":                     testStorm,
		"Retry-After":                   testRetryAfter,
		"half a batch":                  testHalf,
		"hanging receiver":              testHanging,
		"fallback":                      testFallback,
		"labels":                        testLabels,
		"sender restarts":               testSenderRestarts,
		"sender is killed":              testSenderKilled,
		"run":                           testRun,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, r)
		})
	}
}

// testOutageOnDisk is away for many pushes and a restart of the sender. Nothing may be lost.
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

// testOutageInMemory is away until the queue has overflown. Exactly the samples that the Pusher has counted are
// lost.
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
	s.wantErr = "samples were dropped" // By this push, too.
	s.push(t)
	dropped = int(s.counted(t, "samples_dropped_total"))
	s.compareLossy(t, r, dropped)
	s.checkCounts(t, 0, dropped)
}

// checkCounts checks the counters of what was lost, and that the queue is empty.
func (s *sender) checkCounts(t *testing.T, failed, dropped int) {
	t.Helper()
	for name, want := range map[string]int{
		"samples_failed_total": failed, "samples_dropped_total": dropped, "samples_pending": 0,
	} {
		if got := s.counted(t, name); got != float64(want) {
			t.Errorf("%s: %s is %v, want %d", s.job, name, got, want)
		}
	}
}

// testStorm answers with 429, 503 and 500 many times. The Pusher tries again until everything has arrived.
func testStorm(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := newTicks(100)
	s := newSender(t, "storm", f.url(), source, remotewrite.Opts{})
	s.push(t)
	const times = 20
	for i, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError} {
		f.seen()
		f.do(first(times, refusal(status, 0), f.forward))
		source.observe()
		s.push(t)
		seen := f.seen()
		if len(seen) != times+1 || seen[times-1].status != status || seen[times].status/100 != 2 {
			t.Errorf("got %v, want %d answers of %d and a good one", seen, times, status)
		}
		if got, want := s.counted(t, "samples_retried_total"), times*(i+1)*len(source.held()); got != float64(want) {
			t.Errorf("%v samples were retried, want %d", got, want)
		}
	}
	s.compare(t, r)
	s.checkCounts(t, 0, 0)
}

// testRetryAfter checks that the Pusher comes back no sooner than it was told to.
func testRetryAfter(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := newTicks(10)
	s := newSender(t, "retry-after", f.url(), source, remotewrite.Opts{})
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		f.do(first(1, refusal(status, 1), f.forward))
		source.observe()
		s.push(t)
		seen := f.seen()
		if len(seen) != 2 || seen[0].status != status {
			t.Fatalf("got %v, want one answer of %d and a good one", seen, status)
		}
		// The answer was written a little before its time was taken.
		if rest := seen[1].at.Sub(seen[0].at); rest < 900*time.Millisecond {
			t.Errorf("the Pusher came back %v after an answer of %d with Retry-After: 1", rest, status)
		}
	}
	s.compare(t, r)
}

// testHalf takes half of a request. The other half has failed for good, and is counted.
func testHalf(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	p := newProgram()
	p.observe()
	s := newSender(t, "half", f.url(), p, remotewrite.Opts{})
	s.push(t)
	var samples, histograms int
	f.do(first(1, f.halve(func(lost writev2.TimeSeries) {
		samples += len(lost.Samples)
		histograms += len(lost.Histograms)
	}), f.forward))
	p.observe()
	s.wantErr = "the receiver answered 400"
	s.push(t)
	p.observe()
	s.wantErr = ""
	s.push(t)
	if samples == 0 || histograms == 0 {
		t.Fatalf("%d samples and %d histograms were refused, want some of both", samples, histograms)
	}
	s.compareLossy(t, r, samples)
	s.checkCounts(t, samples, 0)
	if got := s.counted(t, "histograms_failed_total"); got != float64(histograms) {
		t.Errorf("%v histograms have failed, want %d", got, histograms)
	}
	if got := s.pusher.Status()[0].Protocol; got != remotewrite.V2 {
		t.Errorf("the Pusher has fallen back to version %d", got)
	}
}

// testHanging has one of two receivers hang. The other one gets every push at once.
func testHanging(t *testing.T, r *receiver) {
	hanging := newCollector(t)
	f := newFaults(t, hanging)
	f.do(http.HandlerFunc(hang))
	source := newTicks(50)
	s := newSender(t, "hanging", f.url(), source, remotewrite.Opts{
		Targets: []remotewrite.Target{{URL: r.url(), Name: "healthy"}}, RequestTimeout: time.Second,
	})
	const pushes = 10
	for i := range pushes {
		source.observe()
		err := s.until(t, s.pusher.Push, func() error {
			stream := r.stored(t, s.job).series[series("ticks_round")]
			if stream == nil || len(stream.Values) != i+1 {
				return fmt.Errorf("push %d has not arrived", i)
			}
			return nil
		})
		if err == nil {
			t.Errorf("push %d has succeeded though a receiver hangs", i)
		}
	}
	s.compare(t, r)
	if n, want := s.pending(), pushes*len(source.held()); n != want {
		t.Errorf("%d samples wait for the receiver that hangs, want %d", n, want)
	}
	f.do(f.forward)
	source.observe()
	s.push(t)
	s.compare(t, r)
	s.compare(t, hanging)
	s.checkCounts(t, 0, 0)
}

// testFallback has a receiver that knows version 2.0, one that refuses it, and one that takes its requests
// and does not know what to do with them.
func testFallback(t *testing.T, r *receiver) {
	tests := []struct {
		name string
		v2   func(f *faults) http.Handler // What happens to requests of version 2.0.
		want []exchange
	}{
		{"known", func(f *faults) http.Handler { return f.forward }, []exchange{
			{protocol: remotewrite.V2, status: http.StatusNoContent},
			{protocol: remotewrite.V2, status: http.StatusNoContent},
		}},
		{"refused", func(*faults) http.Handler { return refusal(http.StatusUnsupportedMediaType, 0) }, []exchange{
			{protocol: remotewrite.V2, status: http.StatusUnsupportedMediaType},
			{protocol: remotewrite.V1, status: http.StatusNoContent},
			{protocol: remotewrite.V1, status: http.StatusNoContent},
		}},
		{"ignored", func(*faults) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		}, []exchange{
			{protocol: remotewrite.V2, status: http.StatusNoContent},
			{protocol: remotewrite.V1, status: http.StatusNoContent},
			{protocol: remotewrite.V1, status: http.StatusNoContent},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFaults(t, r)
			v2 := test.v2(f)
			f.do(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if isV2(r) {
					v2.ServeHTTP(w, r)
				} else {
					f.forward.ServeHTTP(w, r)
				}
			}))
			source := newTicks(10)
			s := newSender(t, "fallback-"+test.name, f.url(), source, remotewrite.Opts{})
			s.push(t)
			source.observe()
			s.push(t)
			s.compare(t, r)
			s.checkCounts(t, 0, 0)
			f.checkSeen(t, test.want)
		})
	}
}

// labeled is a source whose series get labels on their way.
type labeled struct {
	*ticks
	labels map[string]string // What the value of the label clock becomes. Series with others are dropped.
}

func (l *labeled) held() map[string]float64 {
	held := map[string]float64{series("ticks_round", "clock", "none", "zone", "a"): float64(l.rounds)}
	for from, to := range l.labels {
		for key, v := range l.ticks.held() {
			if key == series("ticks_total", "clock", from) {
				held[series("ticks_total", "clock", to, "zone", "a")] = v
			}
		}
	}
	return held
}

// testLabels adds external labels, and then relabels.
func testLabels(t *testing.T, r *receiver) {
	rules, err := relabel.Parse([]byte(`
- {source_labels: [clock], regex: "[5-9]", action: drop}
- {source_labels: [clock, zone], regex: "(\\d);a", target_label: clock, replacement: "c$1"}
`))
	if err != nil {
		t.Fatal(err)
	}
	source := &labeled{newTicks(10), map[string]string{"0": "c0", "1": "c1", "2": "c2", "3": "c3", "4": "c4"}}
	s := newSender(t, "labels", r.url(), source, remotewrite.Opts{
		ExternalLabels: metric.Labels{"clock": "none", "zone": "a"}, Relabel: rules,
	})
	s.push(t)
	source.observe()
	s.push(t)
	s.compare(t, r)
}

// gathers is a source with a gauge that says how often it was gathered.
type gathers struct {
	registry *metric.ContextRegistry
	times    atomic.Int64
}

func (g *gathers) gatherer() metric.GathererWithContext { return g.registry }
func (g *gathers) held() map[string]float64             { return nil }

// testRun pushes at an interval, through an outage.
func testRun(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := &gathers{registry: metric.NewContextRegistry()}
	source.registry.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "gathers", Help: "So far."}, func() float64 {
		return float64(source.times.Add(1))
	}))
	s := newSender(t, "run", f.url(), source, remotewrite.Opts{Interval: 20 * time.Millisecond, KeepOnClose: true})
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
	if stream == nil || int64(len(stream.Values)) != source.times.Load() {
		t.Fatalf("got %v, want a sample for each of %d pushes", stream, source.times.Load())
	}
	for i, v := range stream.Values {
		if int(v.Value) != i+1 {
			t.Errorf("sample %d is %v", i, v)
		}
	}
}
