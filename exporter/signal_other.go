//go:build !unix

package exporter

import "os"

// notifyHangup returns a channel that receives nothing, because this system has no SIGHUP.
func notifyHangup() (hangups <-chan os.Signal, stop func()) { return nil, func() {} }
