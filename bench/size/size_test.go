package size_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// most is the size that a program may have, as a multiple of the same program with client_golang.
// The target is 1.05. The values are the ratios reached so far, rounded up by half a percent so that
// new versions of Go and of the modules fit; they may only be lowered. See docs/migration.md.
var most = map[string]float64{
	"ours":   1.145,
	"dropin": 1.173,
}

// TestSize checks the sizes of the programs. It builds them for linux/amd64 without symbols, as
// programs are shipped, so the sizes do not depend on the machine.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds four programs")
	}
	theirs := size(t, "theirs")
	for program, most := range most {
		ours := size(t, program)
		ratio := float64(ours) / float64(theirs)
		t.Logf("%s: %d bytes, %.3f times the %d bytes of theirs", program, ours, ratio, theirs)
		if ratio > most {
			t.Errorf("%s: %d bytes are %.3f times the %d bytes of client_golang's program, want at most %v",
				program, ours, ratio, theirs, most)
		}
	}
}

// TestWithoutZstd checks that only programs that import the zstd compressor contain it.
func TestWithoutZstd(t *testing.T) {
	list, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./ours", "./dropin").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"github.com/klauspost/compress/zstd", "text/template", "html/template"} {
		if bytes.Contains(list, []byte("\n"+unwanted+"\n")) {
			t.Errorf("the programs contain %s", unwanted)
		}
	}
}

// size returns the size in bytes of the program in a folder.
func size(t *testing.T, program string) int64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), program)
	build := exec.CommandContext(t.Context(), "go",
		"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, "./"+program)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
