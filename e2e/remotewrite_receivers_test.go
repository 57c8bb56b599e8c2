//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// TestRemoteWrite checks pushes to every receiver, in the version that receiver and Pusher agree on.
func TestRemoteWrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		start func(t *testing.T) *receiver
	}{
		{"Prometheus", func(t *testing.T) *receiver { return newPrometheus(t, "Prometheus", remotewrite.Auto) }},
		{"Prometheus 1.0", func(t *testing.T) *receiver { return newPrometheus(t, "Prometheus 1.0", remotewrite.V1) }},
		{victoriaMetricsName, newVictoriaMetrics},
		{collectorName, newCollector},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := test.start(t)
			t.Run("everything", func(t *testing.T) { testEverything(t, r, remotewrite.Auto) })
			t.Run("fixed version", func(t *testing.T) { testEverything(t, r, r.protocol) })
			t.Run("stale", func(t *testing.T) { testStale(t, r) })
			t.Run("families end", func(t *testing.T) { testFamiliesEnd(t, r) })
			if test.name == collectorName {
				t.Run("nothing is taken", func(t *testing.T) { testNothingTaken(t, r) })
			}
			t.Run("restart", func(t *testing.T) { testReceiverRestarts(t, r) })
		})
	}
}

// notWritten is a part of the error text when a receiver reports success but has not written everything.
const notWritten = "has not written"

// testEverything pushes instruments of every kind and compares everything that the receiver stores about them.
func testEverything(t *testing.T, r *receiver, protocol remotewrite.Protocol) {
	p := newProgram()
	job := fmt.Sprintf("everything-%d", protocol)
	s := newSender(t, job, r.url(), p, remotewrite.Opts{Target: remotewrite.Target{Protocol: protocol}})
	if r.name == collectorName {
		s.wantErr = notWritten
	}
	for range 3 {
		p.observe()
		s.push(t)
	}
	r.checkProtocol(t, s)
	r.checkFailed(t, s)
	s.compare(t, r)
	compareNatives(t, p, s, r)
	if r.prometheus() {
		compareExemplars(t, p, exposition{exemplars: storedExemplars(t, r.api(t), job)}, format{protobuf: true})
	}
	if r.name != victoriaMetricsName {
		compareDetails(t, p, s, r)
	}
}

// checkFailed checks that the Pusher counts the samples that the receiver has refused.
func (r *receiver) checkFailed(t *testing.T, s *sender) {
	t.Helper()
	failed := 0
	if r.protocol == remotewrite.V2 { // In version 1.0, a receiver does not report refused samples.
		for _, p := range s.pushes {
			for key := range p.held {
				if !r.takes(key) {
					failed++
				}
			}
		}
	}
	s.checkCounts(t, failed, 0)
}

// classics is a source with one classic histogram and nothing else.
type classics struct{ registry *metric.ContextRegistry }

func (c classics) gatherer() metric.GathererWithContext { return c.registry }
func (c classics) held() map[string]float64 {
	return classicSeries("classic", 0, []float64{1, 2})
}

// testNothingTaken pushes only series that the Collector omits although it answers with success, as if it did not
// know version 2.0. The Pusher must find out that the Collector knows no other version, and stop trying.
func testNothingTaken(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	source := classics{metric.NewContextRegistry()}
	source.registry.MustRegister(metric.NewHistogram(metric.HistogramOpts{
		Name: "classic", Help: "Buckets.", Buckets: []float64{1, 2},
	}))
	s := newSender(t, "nothing", f.url(), source, remotewrite.Opts{})
	s.wantErr = "without having written anything"
	for i := range 3 {
		s.push(t)
		f.checkSeen(t, []exchange{
			{protocol: remotewrite.V2, status: http.StatusNoContent},
			{protocol: remotewrite.V1, status: http.StatusUnsupportedMediaType},
		})
		s.checkCounts(t, (i+1)*len(source.held()), 0)
		r.checkProtocol(t, s)
	}
}

// compareNatives compares the native histograms of each push with the observations so far.
func compareNatives(t *testing.T, p *program, s *sender, r *receiver) {
	t.Helper()
	want := p.natives()
	if !r.native() {
		want = nil
	}
	for key, stream := range r.stored(t, s.job).series {
		if len(stream.Histograms) == 0 {
			continue
		}
		factor, ok := want[key]
		if !ok || len(stream.Histograms) != len(s.pushes) {
			t.Errorf("%s has %d native histograms, want one for each push if it is one of %v", key, len(stream.Histograms), want)
			continue
		}
		delete(want, key)
		for i, h := range stream.Histograms {
			if at := s.pushAt(h.Timestamp); at != i {
				t.Errorf("native histogram %d of %s has the timestamp of push %d", i, key, at)
			}
			observed := slices.Repeat(observations, i+1)
			compareNative(t, key, float64(h.Histogram.Count), float64(h.Histogram.Sum), storedBuckets(h.Histogram), factor, observed)
		}
	}
	if len(want) > 0 {
		t.Errorf("there are no native histograms of %v", want)
	}
}
