//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
)

// TestExporterTemplate checks the alert rules and the dashboard of examples/exporter.
func TestExporterTemplate(t *testing.T) {
	const dir = "../examples/exporter/"
	t.Run("rules", func(t *testing.T) {
		cmd := exec.Command(builtTools(t).promtool, "check", "rules", "--lint=all", "--lint-fatal", dir+"rules.yml")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", cmd.Args, err, out)
		}
	})
	t.Run("dashboard", func(t *testing.T) {
		text, err := os.ReadFile(dir + "dashboard.json")
		if err != nil {
			t.Fatal(err)
		}
		plugins.RegisterDefaultPlugins()
		var d classicDashboard
		if err := strictly(&d, text); err != "" {
			t.Error(err)
		}
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		if len(d.Panels) == 0 {
			t.Error("the dashboard has no panels")
		}
	})
}
