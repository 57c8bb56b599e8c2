//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// TestRemoteWrite pushes to every receiver in the version that the two agree on.
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
			if test.name == collectorName {
				t.Run("nothing is taken", func(t *testing.T) { testNothingTaken(t, r) })
			}
			t.Run("restart", func(t *testing.T) { testReceiverRestarts(t, r) })
		})
	}
}

// notWritten is what errors say if a receiver answers with success, and that it has left something out.
const notWritten = "has not written"

// testEverything pushes instruments of every kind, and compares everything that the receiver stores of them.
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

// checkFailed checks that the samples that the receiver has refused are counted.
func (r *receiver) checkFailed(t *testing.T, s *sender) {
	t.Helper()
	failed := 0
	if r.protocol == remotewrite.V2 { // In version 1.0, a receiver does not say it.
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

// classics is a source with nothing but a classic histogram.
type classics struct{ registry *metric.ContextRegistry }

func (c classics) gatherer() metric.GathererWithContext { return c.registry }
func (c classics) held() map[string]float64 {
	return classicSeries("classic", 0, []float64{1, 2})
}

// testNothingTaken pushes nothing but what the Collector answers with success and leaves out, which looks as if it did
// not know version 2.0. The Pusher finds out that it knows no other, and tries no more.
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

// compareNatives compares the native histograms of each push with what had been observed until then.
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

// compareDetails compares metadata and start timestamps, which only version 2.0 has for each series.
func compareDetails(t *testing.T, p *program, s *sender, r *receiver) {
	t.Helper()
	families := p.metadata(format{protobuf: true, utf8: true})
	got := r.details(t, s.job)
	keys := slices.Collect(maps.Keys(s.pushes[0].held))
	for _, key := range slices.AppendSeq(keys, maps.Keys(p.natives())) {
		if !r.takes(key) {
			continue
		}
		family, want := familyOf(families, key)
		if r.protocol == remotewrite.V1 {
			want = metadata{}
		}
		if got.metadata[key] != want {
			t.Errorf("%s has the metadata %v, want %v", key, got.metadata[key], want)
		}
		compareStarts(t, key, got.starts[key], r.protocol == remotewrite.V2 && cumulative(family, key), p.created, s.pushes)
	}
}

// familyOf returns the name and the metadata of the family that a series belongs to.
func familyOf(families map[string]metadata, key string) (string, metadata) {
	for name, m := range families {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if strings.Contains(key, fmt.Sprintf(`__name__=%q`, name+suffix)) {
				return name, m
			}
		}
	}
	return "", metadata{}
}

// cumulative reports whether a series counts since it was created. That of a function does not know when that was.
func cumulative(family, key string) bool {
	switch family {
	case "e2e_requests_total", "e2e_received_bytes_total", "e2e_classic_seconds", "e2e_native_seconds", "e2e_both_seconds":
		return true
	case "e2e_latency_seconds":
		return !strings.Contains(key, "quantile=")
	}
	return false
}

// compareStarts checks the start timestamps of the samples of a series.
func compareStarts(t *testing.T, key string, starts []int64, wanted bool, created time.Time, pushes []push) {
	t.Helper()
	if len(starts) != len(pushes) {
		t.Errorf("%s has %d start timestamps, want one for each of %d pushes", key, len(starts), len(pushes))
		return
	}
	for _, start := range starts {
		switch {
		case start != starts[0]:
			t.Errorf("%s has the start timestamps %v, want a single one", key, starts)
		case !wanted && start != 0:
			t.Errorf("%s has the start timestamp %d, want none", key, start)
		case wanted && (start < created.UnixMilli() || start > pushes[0].to.UnixMilli()):
			t.Errorf("%s has the start timestamp %d, want one from %v to %v", key, start, created, pushes[0].to)
		}
	}
}

// testStale ends a series, and then all. Receivers must know at once.
func testStale(t *testing.T, r *receiver) {
	source := newTicks(20)
	s := newSender(t, "stale", r.url(), source, remotewrite.Opts{})
	s.push(t)
	compareCurrent(t, r, s.job, source.held())
	source.remove(7)
	s.push(t)
	compareCurrent(t, r, s.job, source.held())
	source.observe()
	s.push(t)
	compareCurrent(t, r, s.job, source.held())
	s.close(t)
	compareCurrent(t, r, s.job, nil)
	s.compare(t, r)
	compareMarkers(t, r, s)

	kept := newSender(t, "kept", r.url(), source, remotewrite.Opts{KeepOnClose: true})
	kept.push(t)
	kept.close(t)
	compareCurrent(t, r, kept.job, source.held())

	// Native histograms end, too.
	p := newProgram()
	p.observe()
	everything := newSender(t, "stale-program", r.url(), p, remotewrite.Opts{})
	if r.name == collectorName {
		everything.wantErr = notWritten
	}
	everything.push(t)
	everything.close(t)
	compareCurrent(t, r, everything.job, nil)
}

// compareCurrent compares what an instant query of a job returns now. Native histograms count as NaN.
func compareCurrent(t *testing.T, r *receiver, job string, want map[string]float64) {
	t.Helper()
	if r.name == collectorName {
		return // It takes no queries.
	}
	eventually(t, func() error {
		got, err := r.query(t, fmt.Sprintf(`{job=%q}`, job))
		if err != nil {
			return err
		}
		if len(got) != len(want) {
			return fmt.Errorf("%s: %s has %d series now, want %d", r.name, job, len(got), len(want))
		}
		for key, v := range want {
			if g, ok := got[key]; !ok || !same(g, v) {
				return fmt.Errorf("%s: %s of %s is %v now, want %v (%v)", r.name, key, job, g, v, ok)
			}
		}
		return nil
	})
}

// compareMarkers checks that each series of the job has exactly one stale marker.
func compareMarkers(t *testing.T, r *receiver, s *sender) {
	t.Helper()
	want := make(map[string]int)
	for key := range s.pushes[0].held {
		want[key] = 1
	}
	if got := r.details(t, s.job).stale; !maps.Equal(got, want) {
		t.Errorf("%s: got the stale markers %v, want %v", r.name, got, want)
	}
}

// testReceiverRestarts kills the receiver between pushes and in the middle of one.
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

	// The tests of the sender are not safe for concurrent use: only the receiver is ended elsewhere.
	pushed := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// end ends the server: at once, if it keeps what it has taken nevertheless.
func (r *receiver) end(t *testing.T) {
	t.Helper()
	if r.name == victoriaMetricsName { // It may lose what it has received in the last seconds.
		r.process.stop(t)
	} else {
		r.process.kill(t)
	}
}

// query returns the result of an instant query, by the string of the labels but for job and instance. A
// native histogram is its sum.
func (r *receiver) query(t *testing.T, query string) (map[string]float64, error) {
	t.Helper()
	r.flush(t)
	result, _, _, err := r.api(t).Query(t.Context(), query, time.Now())
	if err != nil {
		return nil, err
	}
	vector, ok := result.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("%s: got a %T, want a vector", query, result)
	}
	got := make(map[string]float64)
	for _, sample := range vector {
		v := float64(sample.Value)
		if sample.Histogram != nil {
			v = float64(sample.Histogram.Sum)
		}
		got[storedKey(model.LabelSet(sample.Metric))] = v
	}
	return got, nil
}
