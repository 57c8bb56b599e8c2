//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// testStale ends one series and then all of them. Receivers must get staleness markers at once.
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
}

// fewer is a program that loses families.
type fewer struct {
	*program
	lost []string // prefixes of the names of their series
}

func (f *fewer) held() map[string]float64 {
	held := f.program.held()
	maps.DeleteFunc(held, func(key string, _ float64) bool {
		return slices.ContainsFunc(f.lost, func(name string) bool { return strings.Contains(key, `__name__="`+name) })
	})
	return held
}

// testFamiliesEnd ends families of every kind, and then all of them.
func testFamiliesEnd(t *testing.T, r *receiver) {
	source := &fewer{program: newProgram()}
	source.observe()
	s := newSender(t, "families", r.url(), source, remotewrite.Opts{})
	if r.name == collectorName {
		s.wantErr = notWritten
	}
	s.push(t)
	for name, c := range map[string]metric.Collector{
		"e2e_native_seconds": source.native, "e2e_both_seconds": source.both, "e2e_latency_seconds": source.latency,
		"e2e_received_bytes": source.received,
	} {
		if !source.registry.Unregister(c) {
			t.Fatalf("%s was not registered", name)
		}
		source.lost = append(source.lost, name)
	}
	s.push(t)
	compareCurrent(t, r, s.job, source.held())
	s.close(t)
	compareCurrent(t, r, s.job, nil)
	s.compare(t, r)
	compareMarkers(t, r, s, slices.Collect(maps.Keys(source.natives()))...)
}

// compareCurrent compares the current result of an instant query for a job.
func compareCurrent(t *testing.T, r *receiver, job string, want map[string]float64) {
	t.Helper()
	if r.name == collectorName {
		return // The receiver cannot answer queries.
	}
	check := func() error {
		got, err := r.query(t, fmt.Sprintf(`{job=%q}`, job))
		if err != nil {
			return err
		}
		for key, v := range want {
			if g, ok := got[key]; r.takes(key) && (!ok || !same(g, v)) {
				return fmt.Errorf("%s: %s of %s is %v now, want %v (%v)", r.name, key, job, g, v, ok)
			}
			delete(got, key)
		}
		if len(got) > 0 {
			return fmt.Errorf("%s: %s has the unexpected series %v now", r.name, job, got)
		}
		return nil
	}
	if r.name == victoriaMetricsName { // Its answers lag behind.
		eventually(t, check)
	} else if err := check(); err != nil {
		t.Error(err)
	}
}

// compareMarkers checks that each series of the first push and each native histogram have exactly one staleness
// marker.
func compareMarkers(t *testing.T, r *receiver, s *sender, natives ...string) {
	t.Helper()
	want := make(map[string]int)
	for key := range s.pushes[0].held {
		if r.takes(key) || r.name == victoriaMetricsName { // VictoriaMetrics stores markers, even for series of NaN.
			want[key] = 1
		}
	}
	for _, key := range natives {
		if r.native() {
			want[key] = 1
		}
	}
	if got := r.details(t, s.job).stale; !maps.Equal(got, want) {
		t.Errorf("%s: got the stale markers %v, want %v", r.name, got, want)
	}
}

// query returns the result of an instant query, keyed by the string of the labels without job and instance. The
// value of a native histogram is its sum.
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
