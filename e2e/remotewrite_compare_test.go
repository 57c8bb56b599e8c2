//go:build e2e

package e2e

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// compare compares the samples that a receiver has stored with the pushes: each series must have a sample for each
// push that contained it. All samples of a push must have the same timestamp.
func (s *sender) compare(t *testing.T, r *receiver) {
	t.Helper()
	s.compareStored(t, r, s.arrived(t, r), 0)
}

// compareLossy is like [sender.compare] for a job that has lost the given number of samples.
func (s *sender) compareLossy(t *testing.T, r *receiver, lost int) {
	t.Helper()
	s.compareStored(t, r, s.arrived(t, r), lost)
}

// arrived returns the job's samples that a receiver has stored. VictoriaMetrics may not show all of them at once.
func (s *sender) arrived(t *testing.T, r *receiver) stored {
	t.Helper()
	got := r.stored(t, s.job)
	if r.name != victoriaMetricsName {
		return got
	}
	want := total(s.wanted(r))
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		found := 0
		for _, stream := range got.series {
			found += len(stream.Values)
		}
		if found >= want {
			break
		}
		got = r.stored(t, s.job)
	}
	return got
}

// compareOnce is like [sender.compare] for a receiver that may have ended between storing a request and answering
// it. All receivers but Prometheus store samples a second time when they receive them again.
func (s *sender) compareOnce(t *testing.T, r *receiver) {
	t.Helper()
	got := s.arrived(t, r)
	if !r.prometheus() {
		for _, stream := range got.series {
			stream.Values = slices.Compact(stream.Values)
		}
	}
	s.compareStored(t, r, got, 0)
}

func (s *sender) compareStored(t *testing.T, r *receiver, got stored, lost int) {
	t.Helper()
	times := make([]model.Time, len(s.pushes)) // timestamps of the pushes
	found, missing := 0, s.wanted(r)
	for _, key := range slices.Sorted(maps.Keys(got.series)) {
		last := model.Earliest
		for _, v := range got.series[key].Values {
			i := s.pushAt(v.Timestamp)
			if i < 0 || times[i] != 0 && times[i] != v.Timestamp || v.Timestamp <= last {
				t.Errorf("%s: %s has the unexpected sample %v at %d", s.job, key, v.Value, v.Timestamp)
				continue
			}
			times[i], last = v.Timestamp, v.Timestamp
			if want, ok := s.pushes[i].held[key]; !ok || !same(float64(v.Value), want) {
				t.Errorf("%s: %s is %v in push %d, want %v (%v)", s.job, key, v.Value, i, want, ok)
			}
			found++
			if missing[key]--; missing[key] == 0 {
				delete(missing, key)
			}
		}
	}
	want := total(s.wanted(r))
	if want-found != lost {
		t.Errorf("%s: %s has %d of %d samples, want %d: missing are %v", s.job, r.name, found, want, want-lost, missing)
	}
}

// wanted returns the number of samples of each series that were pushed and should be stored.
func (s *sender) wanted(r *receiver) map[string]int {
	wanted := make(map[string]int)
	for _, p := range s.pushes {
		for key := range p.held {
			if r.takes(key) {
				wanted[key]++
			}
		}
	}
	return wanted
}

func total(counts map[string]int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

// pushAt returns the index of the push that made a timestamp, or -1.
func (s *sender) pushAt(at model.Time) int {
	return slices.IndexFunc(s.pushes, func(p push) bool {
		return int64(at) >= p.from.UnixMilli() && int64(at) <= p.to.UnixMilli()
	})
}
