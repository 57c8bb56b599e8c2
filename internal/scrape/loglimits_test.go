package scrape

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/callback"
)

// TestLogLimits checks that a collector has one line a minute for each kind of failure, that the line says
// how many were suppressed, and that other collectors have limits of their own.
func TestLogLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits, a, b := new(LogLimits), logKey{collector: "a"}, logKey{collector: "b"}
		want := func(key logKey, suppressed int, ok bool) {
			t.Helper()
			if n, allowed := limits.allow(key); n != suppressed || allowed != ok {
				t.Errorf("got %d suppressed and %v, want %d and %v", n, allowed, suppressed, ok)
			}
		}
		want(a, 0, true)
		want(a, 0, false)
		want(b, 0, true)
		want(a, 0, false)
		time.Sleep(logInterval)
		want(a, 2, true)
		limits.suppress(a, 3) // The log could not write the lines.
		time.Sleep(logInterval)
		want(a, 3, true)
		want(b, 0, true)
	})
}

// TestLogLimitsAreBounded checks that a log does not remember every collector that ever existed.
func TestLogLimitsAreBounded(t *testing.T) {
	limits := new(LogLimits)
	for i := range 3 * maxLogLimits {
		if _, ok := limits.allow(logKey{collector: fmt.Sprint(i)}); !ok {
			t.Fatalf("collector %d is not allowed its first line", i)
		}
		if n := len(limits.limits); n > maxLogLimits {
			t.Fatalf("%d limits are kept", n)
		}
	}
}

// TestLogWaitsForBlockedLogger checks that the logger is called again only after an earlier call that
// blocks has returned.
func TestLogWaitsForBlockedLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := new(LogLimits)
		blocked := limits.begin()
		time.Sleep(callback.StuckAfter)
		soon := limits.begin() // The first call is not known to block yet.
		if soon == nil {
			t.Fatal("calls at the same time were refused")
		}
		limits.end(soon)
		time.Sleep(time.Nanosecond)
		if limits.begin() != nil {
			t.Error("the logger may be called although a call of it blocks")
		}
		limits.end(blocked)
		if limits.begin() == nil {
			t.Error("the logger may not be called again")
		}
	})
}
