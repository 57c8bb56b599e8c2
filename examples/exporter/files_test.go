package main

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/grafana"
	"github.com/luxfi/metric/catalog/rules"
	"github.com/luxfi/metric/exporter"
)

var update = flag.Bool("update", false, "write the files that are made of the catalog")

// TestFiles checks that METRICS.md, dashboard.json and rules.yml match the metrics. This command writes the
// files:
//
//	go test -run TestFiles -update
func TestFiles(t *testing.T) {
	c := newCatalog(t)
	board, err := grafana.New(c, grafana.Opts{Title: "Spool"})
	if err != nil {
		t.Fatal(err)
	}
	dashboard, err := board.JSON()
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := newRules(t, c).YAML()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{
		"METRICS.md": []byte(c.Markdown()), "dashboard.json": dashboard, "rules.yml": alerts,
	} {
		if *update {
			if err := os.WriteFile(name, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is out of date (%v): run go test -run TestFiles -update", name, err)
		}
	}
}

// newCatalog returns the catalog of the exporter's metrics. To find them all, it gathers once from a spool
// directory that fills every metric. It omits the metrics of the process, which depend on the machine.
func newCatalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	config := newConfig()
	config.Logger = slog.New(slog.DiscardHandler)
	e, err := exporter.New(config)
	if err != nil {
		t.Fatal(err)
	}
	app := kingpin.New("spool_exporter", "")
	e.AddFlags(app)
	if _, err := app.Parse([]string{"--spool.directory=" + newSpool(t, "mail/1.eml")}); err != nil {
		t.Fatal(err)
	}
	if err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c, err := metric.Catalog(e.Registry())
	if err != nil {
		t.Fatal(err)
	}
	return c.Filter(func(f *catalog.Family) bool {
		return strings.HasPrefix(f.Name, "spool_") && f.Name != "spool_exporter_build_info"
	})
}

// newRules returns the rules made from a catalog, and some that are specific to this exporter.
func newRules(t *testing.T, c *catalog.Catalog) *rules.File {
	t.Helper()
	file, err := rules.New(c, rules.Opts{Job: "spool"})
	if err != nil {
		t.Fatal(err)
	}
	alert := func(name, expr string, after time.Duration, severity, summary, description string) rules.Rule {
		return rules.Rule{
			Alert: name, Expr: expr, For: model.Duration(after),
			Labels:      map[string]string{"severity": severity},
			Annotations: map[string]string{"summary": summary, "description": description},
		}
	}
	file.Groups = append(file.Groups, rules.Group{Name: "spool", Rules: []rules.Rule{
		alert("SpoolDown", `spool_up{job="spool"} == 0`, 5*time.Minute, "critical",
			"{{ $labels.instance }} cannot read its spool directory.",
			"The exporter runs, but the directory does not exist, does not respond, or cannot be read."),
		alert("SpoolQueueStuck", `time() - spool_queue_oldest_timestamp_seconds{job="spool"} > 3600`, 10*time.Minute, "warning",
			"A file has waited in {{ $labels.queue }} of {{ $labels.instance }} for {{ $value | humanizeDuration }}.",
			"The program that empties the queue is not running, or skips this file."),
		alert("SpoolConfigReloadFailed", `spool_config_last_reload_successful{job="spool"} == 0`, 5*time.Minute, "warning",
			"{{ $labels.instance }} has refused its configuration.",
			"It still uses the previous configuration. Its log names the invalid line."),
	}})
	return file
}
