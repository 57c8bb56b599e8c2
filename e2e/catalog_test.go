//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/grafana"
	"github.com/luxfi/metric/catalog/rules"
)

// catalogs returns the catalogs in files, and the catalog of a program with instruments of every
// kind and collectors that misbehave in every way.
func catalogs(t *testing.T) map[string]*catalog.Catalog {
	t.Helper()
	all := make(map[string]*catalog.Catalog)
	for _, name := range []string{"shop", "evil"} {
		text, err := os.ReadFile("../catalog/testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = new(catalog.Catalog)
		if err := json.Unmarshal(text, all[name]); err != nil {
			t.Fatal(err)
		}
	}
	all["empty"] = new(catalog.Catalog)
	all["program"], _ = metric.Catalog(newProgram().registry) // The error is expected: some collectors fail.
	if all["program"].Find("e2e_requests_total") == nil || all["program"].Find(utf8Name) == nil {
		t.Fatalf("the program's catalog lacks something: %+v", all["program"])
	}
	all["default"] = must(metric.Catalog(metric.DefaultGatherer))
	return all
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestCatalogRules checks the rules of every catalog with promtool.
func TestCatalogRules(t *testing.T) {
	for name, c := range catalogs(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "rules.yml")
			text := must(must(rules.New(c, rules.Opts{Job: name})).YAML())
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(builtTools(t).promtool, "check", "rules", "--lint=all", "--lint-fatal", file)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s\n%s", cmd.Args, err, out, text)
			}
		})
	}
}

// TestCatalogAlerts checks that the rules of a shop record and fire, on the series in
// testdata/catalog_rules_test.yml.
func TestCatalogAlerts(t *testing.T) {
	registry := metric.NewContextRegistry(metric.WithSelfMetrics("shop"))
	registry.MustRegister(
		metric.NewCounterVec(metric.CounterOpts{Name: "shop_requests_total", Help: "Requests {{ $value }}."}, []string{"code"}),
		metric.NewCounter(metric.CounterOpts{Name: "shop.payment_failures_total", Help: "Payments."}),
		metric.NewHistogramVec(metric.HistogramOpts{Name: "shop_wait_seconds", Help: "Wait.", NativeHistogramBucketFactor: 1.1, Buckets: []float64{1, 2}}, []string{"error"}),
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "shop_up", Help: "Up."}, func() float64 { return 1 }),
	)
	dir := t.TempDir()
	files := map[string][]byte{
		"rules.yml": must(must(rules.New(must(metric.Catalog(registry)), rules.Opts{Job: "shop", Quantiles: []float64{0.5}})).YAML()),
		"test.yml":  must(os.ReadFile("testdata/catalog_rules_test.yml")),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(builtTools(t).promtool, "test", "rules", "test.yml")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s\n%s", cmd.Args, err, out, files["rules.yml"])
	}
}

// TestDashboardSchema checks the dashboard of every catalog with the types that Grafana generates from
// its schema. They refuse unknown fields, even in the options of panels and queries.
func TestDashboardSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for name, c := range catalogs(t) {
		t.Run(name, func(t *testing.T) {
			text := must(must(grafana.New(c, grafana.Opts{Title: name, Tags: []string{"x"}, Description: "A test."})).JSON())
			var d classicDashboard
			if err := strictly(&d, text); err != "" {
				t.Error(err)
			}
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
			if d.SchemaVersion != dashboard.NewDashboard().SchemaVersion {
				t.Errorf("the schema version is %d, but Grafana's is %d", d.SchemaVersion, dashboard.NewDashboard().SchemaVersion)
			}
			if strict := strings.Replace(string(text), `"graphTooltip"`, `"unknownField"`, 1); strictly(new(classicDashboard), []byte(strict)) == "" {
				t.Error("a field that does not exist is not noticed")
			}
		})
	}
}

// classicDashboard is the type of the files that Grafana imports.
type classicDashboard = dashboard.Dashboard //nolint:staticcheck // Its successor is the type of Grafana's resource API.

// strictly returns the errors in a dashboard as text. The text is empty if there is no error, because
// the decoder returns a non-nil error without text then.
func strictly(d *classicDashboard, text []byte) string {
	if err := d.UnmarshalJSONStrict(text); err != nil {
		return err.Error()
	}
	return ""
}

// TestDashboardQueries checks that Prometheus can parse every expression of every dashboard.
func TestDashboardQueries(t *testing.T) {
	variables := strings.NewReplacer(`"$job"`, `"a|b"`, `"$instance"`, `".*"`, "$__rate_interval", "5m")
	for name, c := range catalogs(t) {
		t.Run(name, func(t *testing.T) {
			var d struct{ Panels []queries }
			text := must(must(grafana.New(c, grafana.Opts{})).JSON())
			if err := json.Unmarshal(text, &d); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, p := range d.Panels {
				for _, p := range append(p.Panels, p) {
					for _, q := range p.Targets {
						n++
						expr := variables.Replace(q.Expr)
						if strings.Contains(expr, "$") {
							t.Errorf("%s: there is a variable left", expr)
						}
						if _, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err != nil {
							t.Errorf("%s: %v", expr, err)
						}
					}
				}
			}
			if n < len(c.Families) {
				t.Errorf("there are %d queries for %d families", n, len(c.Families))
			}
		})
	}
}

// queries are the queries of a panel or a row.
type queries struct {
	Targets []struct{ Expr string }
	Panels  []queries
}
