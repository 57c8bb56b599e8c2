//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/luxfi/metric/push/remotewrite"
)

// TestRemoteWriteFaults checks pushes to Prometheus through a proxy that fails. Each test is another way to
// fail.
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

// testStorm lets the proxy answer with 429, 503 and 500 many times. The Pusher must try again until
// everything has arrived.
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

// testRetryAfter checks that the Pusher waits at least as long as the header Retry-After says.
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
		// The proxy reads the clock a little after it has written the answer.
		if rest := seen[1].at.Sub(seen[0].at); rest < 900*time.Millisecond {
			t.Errorf("the Pusher came back %v after an answer of %d with Retry-After: 1", rest, status)
		}
	}
	s.compare(t, r)
}

// testHalf lets the proxy accept half of a request and reject the rest. The Pusher must count the rest as
// failed.
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

// testHanging lets one of two receivers hang. The other one must get every push at once.
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

// testFallback pushes to a receiver that supports version 2.0, to one that refuses it, and to one that accepts
// requests of version 2.0 but does not understand them.
func testFallback(t *testing.T, r *receiver) {
	tests := []struct {
		name string
		v2   func(f *faults) http.Handler // handles requests of version 2.0
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
