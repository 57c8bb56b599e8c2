package remotewrite

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoff(t *testing.T) {
	const ms = time.Millisecond
	limits := [][2]time.Duration{{100 * ms, 200 * ms}, {200 * ms, 400 * ms}, {400 * ms, 800 * ms}, {500 * ms, 1000 * ms}, {500 * ms, 1000 * ms}}
	seen := map[time.Duration]bool{}
	b := backoff{min: 100 * ms, max: 1000 * ms}
	for range 100 {
		for i, limit := range limits {
			d := b.failed(0)
			if d < limit[0] || d > limit[1] {
				t.Fatalf("failure %d: got %v, want %v", i+1, d, limit)
			}
			seen[d] = true
		}
		b.succeeded()
	}
	if len(seen) < 100 {
		t.Errorf("only %d different rests of 500", len(seen))
	}
}

func TestBackoffLimits(t *testing.T) {
	for _, c := range []struct{ min, max, want time.Duration }{
		{time.Second, time.Second, time.Second}, {0, 0, 0}, {2 * time.Second, time.Second, time.Second},
	} {
		b := backoff{min: c.min, max: c.max}
		for range 3 {
			if d := b.failed(0); d != c.want {
				t.Errorf("%v to %v: got %v", c.min, c.max, d)
			}
		}
	}
}

func TestBackoffRetryAfter(t *testing.T) {
	b := backoff{min: time.Second, max: 10 * time.Second}
	if d := b.failed(time.Minute); d != time.Minute {
		t.Errorf("got %v, want the minute that the receiver asks for", d)
	}
	if d := b.failed(time.Millisecond); d < 2*time.Second || d > 4*time.Second {
		t.Errorf("got %v, want the rest of a second failure", d)
	}
}

// TestBackoffPaces checks how often a target that is down receives a request.
func TestBackoffPaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := backoff{min: 100 * time.Millisecond, max: 10 * time.Second}
		start, n := time.Now(), 0
		for time.Since(start) < time.Hour {
			time.Sleep(b.failed(0))
			n++
		}
		if n < 360 || n > 730 { // 5 to 10 seconds between requests
			t.Errorf("%d requests in an hour", n)
		}
	})
}
