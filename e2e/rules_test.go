//go:build e2e

package e2e

import (
	"os/exec"
	"testing"
)

// TestAlertRules checks the alert rules of docs/operations.md, and lets each fire.
func TestAlertRules(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"},
		{"test", "rules", "alerts_test.yml"},
	} {
		t.Run(args[0], func(t *testing.T) {
			cmd := exec.Command(builtTools(t).promtool, args...)
			cmd.Dir = "../docs"
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", cmd.Args, err, out)
			}
		})
	}
}
