//go:build !unix

package exporter

import "os"

// notifyHangup returns a channel that gets nothing: there is no SIGHUP here.
func notifyHangup() (hangups <-chan os.Signal, stop func()) { return nil, func() {} }
