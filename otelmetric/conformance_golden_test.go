package otelmetric_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// TestConformanceGolden compares the program's exposition under default settings with golden files, so that
// reviewers see changes in full. The flag -update writes the files.
func TestConformanceGolden(t *testing.T) {
	plain := settings()[0]
	for _, golden := range []struct {
		file   string
		format format
	}{{"program.txt", formats[0]}, {"program.openmetrics", formats[1]}} {
		t.Run(golden.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // The bubble has a fixed time, and so do exemplars.
				got := golden.format.scrape(t, plain.ours(t))
				path := filepath.Join("testdata", golden.file)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if want := string(must(os.ReadFile(path))); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}
