//go:build unix

package exporter

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangup returns a channel that receives SIGHUP, one at a time, until stop is called.
func notifyHangup() (hangups <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
