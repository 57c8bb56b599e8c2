//go:build unix

package exporter

import (
	"context"
	"syscall"
	"testing"
	"time"
)

// TestHangup checks that each SIGHUP reloads the configuration.
func TestHangup(t *testing.T) {
	parts := testParts(t)
	reloaded := make(chan struct{}, 100)
	parts.reload = func(context.Context) error { reloaded <- struct{}{}; return nil }
	_, stop := notifyHangup() // A signal that arrives too late must not end the test.
	defer stop()
	start(t, parts)
	for range 2 {
		// The server may not have called signal.Notify yet.
		for received := false; !received; {
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			select {
			case <-reloaded:
				received = true
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}
