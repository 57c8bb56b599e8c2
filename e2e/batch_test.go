//go:build e2e

package e2e

import (
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/luxfi/metric/push/remotewrite"
)

// TestBatch checks that the metrics of examples/batch arrive, however the program ends.
func TestBatch(t *testing.T) {
	t.Parallel() // The test mostly waits.
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM")
	}
	r := newPrometheus(t, "Prometheus", remotewrite.V2)
	runs := []struct {
		name      string
		command   []string
		terminate bool
		code      int
		says      string
		success   float64
		seconds   float64 // minimum
	}{
		{name: "success", command: []string{"true"}, success: 1},
		{name: "failure", command: []string{"false"}, code: 1, says: "exit status 1"},
		{name: "panic", code: 2, says: "out of range"},
		{name: "SIGTERM", command: []string{"sleep", "1000"}, terminate: true, code: 1, says: "killed", seconds: 0.5},
	}
	for i, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			cmd := exec.Command(builtTools(t).batch, append([]string{r.url()}, run.command...)...)
			if run.terminate {
				time.AfterFunc(time.Second, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
			}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != run.code || !strings.Contains(string(out), run.says) {
				t.Errorf("it exited with %d and printed %q, want %d and %q", code, out, run.code, run.says)
			}
			for query, check := range map[string]func(float64) bool{
				"batch_success":                           func(v float64) bool { return v == run.success },
				"batch_duration_seconds":                  func(v float64) bool { return v >= run.seconds },
				"sum(count_over_time(batch_success[1h]))": func(v float64) bool { return v == float64(i+1) },
			} {
				got, err := r.query(t, query)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range got {
					if !check(v) {
						t.Errorf("%s is %v", query, v)
					}
				}
				if len(got) != 1 {
					t.Errorf("%s is %v, want one series", query, got)
				}
			}
		})
	}
}
