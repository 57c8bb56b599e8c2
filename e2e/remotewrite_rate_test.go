//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/luxfi/metric/push/remotewrite"
)

// testSenderRestarts checks the rates of counters that begin at zero again, because the sender has restarted.
func testSenderRestarts(t *testing.T, r *receiver) {
	tests := []struct {
		name          string
		before, after int // number of increments before and after the restart
		gracefully    bool
		protocol      remotewrite.Protocol
	}{
		{"crash", 5, 3, false, remotewrite.V2},
		{"close", 5, 3, true, remotewrite.V2},
		// Only a start timestamp shows that they have begun again.
		{"crash, more after than before", 2, 6, false, remotewrite.V2},
		{"close, more after than before", 2, 6, true, remotewrite.V2},
		{"crash by 1.0", 5, 3, false, remotewrite.V1},
		{"close by 1.0", 5, 3, true, remotewrite.V1},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			job, f := "rate-"+strconv.Itoa(i), newFaults(t, r)
			opts := remotewrite.Opts{Target: remotewrite.Target{Protocol: test.protocol}}
			source := newTicks(10)
			s := newSender(t, job, f.url(), source, opts)
			s.push(t)
			for range test.before - 1 {
				source.observe()
				s.push(t)
			}
			if test.gracefully {
				s.close(t)
			} else {
				f.refuse(t)
				abandon(t, s.pusher)
				f.accept(t)
			}
			source = newTicks(10)
			for range test.after - 2 {
				source.observe()
			}
			restarted := newSender(t, job, f.url(), source, opts)
			restarted.pushes = s.pushes
			restarted.push(t)
			source.observe()
			restarted.push(t)
			restarted.compare(t, r)

			increments := test.before + test.after
			if test.protocol == remotewrite.V1 {
				increments-- // Without a start timestamp, the first sample may have begun at any value.
			}
			compareIncrease(t, r, job, increments)
		})
	}
}

// compareIncrease compares the increase of all counters of a job with the true counts.
func compareIncrease(t *testing.T, r *receiver, job string, increments int) {
	t.Helper()
	tests := []struct {
		query    string
		min, max float64 // bounds of the result for a counter that was incremented by one each time
	}{
		{"increase(ticks_total{job=%q}[1h] anchored)", float64(increments), float64(increments)},
		// These functions extrapolate to both sides, by up to 1.1 times the mean interval of at least four samples.
		{"increase(ticks_total{job=%q}[1h])", float64(increments), 1.75 * float64(increments)},
		{"rate(ticks_total{job=%q}[1h]) * 3600", float64(increments), 1.75 * float64(increments)},
	}
	for _, test := range tests {
		query := fmt.Sprintf(test.query, job)
		got, err := r.query(t, query)
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range 10 {
			v, ok := got[fmt.Sprintf(`{clock="%d"}`, i)]
			if low, high := test.min*float64(i), test.max*float64(i); !ok || v < low-1e-6 || v > high+1e-6 {
				t.Errorf("%s: clock %d has %v, want %v to %v", query, i, v, low, high)
			}
		}
	}
}
