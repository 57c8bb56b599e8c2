//go:build !darwin && !dragonfly && !freebsd && !illumos && !linux && !netbsd && !openbsd && !windows

package backlog

import "os"

// lockFile opens a file. These platforms have no lock that ends with the process, so it does not lock the file,
// and using a directory only once is up to the program.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
