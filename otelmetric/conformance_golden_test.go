package otelmetric_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// TestConformanceGolden compares what the program exposes under default settings with golden files, so that a
// change can be seen in full. The flag -update writes them.
func TestConformanceGolden(t *testing.T) {
	plain := settings()[0]
	for _, golden := range []struct {
		file   string
		format format
	}{{"program.txt", formats[0]}, {"program.openmetrics", formats[1]}} {
		t.Run(golden.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // In which time is fixed, and that of exemplars with it.
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
