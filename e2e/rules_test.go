//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// TestAlertRules checks the alert rules of docs/operations.md, and that each of them can fire.
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

// shopRules returns a file with the rules for the names of the quickstart's self-metrics, adapted as
// operations.md describes.
func shopRules(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, bytes.ReplaceAll(rules, []byte("app_scrape_"), []byte("shop_scrape_")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkRules checks that Prometheus has evaluated each rule on the scraped samples without an error.
func checkRules(t *testing.T, prom promv1.API) {
	t.Helper()
	eventually(t, func() error {
		got, err := prom.Rules(t.Context(), nil)
		if err != nil {
			return err
		}
		n := 0
		for _, group := range got.Groups {
			for _, rule := range group.Rules {
				alert, ok := rule.(promv1.AlertingRule)
				if !ok || alert.Health != promv1.RuleHealthGood {
					return fmt.Errorf("rule %+v is not good", rule)
				}
				n++
			}
		}
		if n == 0 {
			return fmt.Errorf("there are no rules")
		}
		return nil
	})
}
