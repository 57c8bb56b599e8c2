//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/push/remotewrite"
)

// compareDetails compares metadata and start timestamps. Only version 2.0 has them for each series.
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

// familyOf returns the name and the metadata of a series' family.
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

// cumulative reports whether a series counts from a known creation time. The series of a function does not know it.
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
