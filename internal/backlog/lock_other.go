//go:build !darwin && !dragonfly && !freebsd && !illumos && !linux && !netbsd && !openbsd && !windows

package backlog

import "os"

// lockFile opens a file. It does not lock the file, because these platforms have no lock that ends with
// the process. The program must make sure that only one Log uses a directory.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
