//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// needProgram returns the path of a program from a Debian package. If the program is missing,
// needProgram skips the test, or fails it if the environment variable E2E_ALL is set.
func needProgram(t *testing.T, binary, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(binary)
	if err == nil {
		return path
	}
	if os.Getenv("E2E_ALL") != "" {
		t.Fatalf("E2E_ALL is set, but %v: apt-get install %s", err, debianPackage)
	}
	t.Skipf("%v: the Debian package %s has it", err, debianPackage)
	return ""
}
