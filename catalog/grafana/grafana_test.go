package grafana_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/grafana"
)

var update = flag.Bool("update", false, "write the golden files")

// load reads a catalog from a file.
func load(t *testing.T, file string) *catalog.Catalog {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := new(catalog.Catalog)
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// jsonOf returns a dashboard as JSON.
func jsonOf(t *testing.T, c *catalog.Catalog, opts grafana.Opts) []byte {
	t.Helper()
	d, err := grafana.New(c, opts)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// panel has the fields of a panel that the tests read.
type panel struct {
	ID                       uint32
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Targets                  []struct{ RefID, Expr, LegendFormat string }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Collapsed                bool
	Panels                   []panel
}

// dashboard has the fields of a dashboard that the tests read.
type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Panels                  []panel
	Templating              struct {
		List []struct{ Name, Definition string }
	}
}

func read(t *testing.T, text []byte) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// all returns all panels except rows.
func (d dashboard) all() (panels []panel) {
	for _, p := range d.Panels {
		panels = append(panels, p.Panels...)
		if p.Type != "row" {
			panels = append(panels, p)
		}
	}
	return panels
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"shop", "evil"} {
		t.Run(name, func(t *testing.T) {
			got := jsonOf(t, load(t, "../testdata/"+name+".json"), grafana.Opts{Title: name, Tags: []string{"metrics"}})
			file := "testdata/" + name + "_dashboard.json"
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the dashboard is not that of %s (-update writes it):\n%s", file, got)
			}
		})
	}
}

// TestConventions checks the panels for each type of family.
func TestConventions(t *testing.T) {
	schema := int32(3)
	label := []catalog.Label{{Name: "code"}, {Name: "zone", Constant: true, Value: "a"}}
	const at = `{job=~"$job", instance=~"$instance"}`
	for _, test := range []struct {
		name   string
		family catalog.Family
		want   []string // type, unit and queries of each panel
	}{
		{
			"counter", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: label},
			[]string{"timeseries cps: sum by (code) (rate(x_total" + at + "[$__rate_interval])) as {{code}}"},
		},
		{
			"counter of bytes", catalog.Family{Name: "x_bytes_total", Type: catalog.Counter},
			[]string{"timeseries binBps: sum (rate(x_bytes_total" + at + "[$__rate_interval])) as rate"},
		},
		{
			"gauge", catalog.Family{Name: "x_seconds", Type: catalog.Gauge, Labels: label},
			[]string{"timeseries s: x_seconds" + at + " as {{instance}} {{code}}"},
		},
		{
			"declared unit", catalog.Family{Name: "x", Unit: "ratio", Type: catalog.Unknown},
			[]string{"timeseries percentunit: x" + at + " as {{instance}}"},
		},
		{
			"time", catalog.Family{Name: "x_timestamp_seconds", Type: catalog.Gauge},
			[]string{"timeseries s: time() - x_timestamp_seconds" + at + " as {{instance}}"},
		},
		{
			"classic histogram", catalog.Family{Name: "x_seconds", Type: catalog.Histogram, Buckets: []float64{1}, Labels: label},
			[]string{
				"timeseries cps: sum by (code) (rate(x_seconds_count" + at + "[$__rate_interval])) as {{code}}",
				"timeseries s: histogram_quantile(0.999, sum by (le) (rate(x_seconds_bucket" + at + "[$__rate_interval]))) as p99.9",
				"heatmap : sum by (le) (rate(x_seconds_bucket" + at + "[$__rate_interval])) as {{le}}",
			},
		},
		{
			"native histogram", catalog.Family{Name: "x_seconds", Type: catalog.Histogram, NativeSchema: &schema, Labels: label},
			[]string{
				"timeseries cps: histogram_count(sum by (code) (rate(x_seconds" + at + "[$__rate_interval]))) as {{code}}",
				"timeseries s: histogram_quantile(0.999, sum (rate(x_seconds" + at + "[$__rate_interval]))) as p99.9",
				"heatmap : sum (rate(x_seconds" + at + "[$__rate_interval])) as {{le}}",
			},
		},
		{
			"both", catalog.Family{Name: "x", Type: catalog.Histogram, NativeSchema: &schema, Buckets: []float64{1}},
			[]string{
				"timeseries cps: histogram_count(sum (rate(x" + at + "[$__rate_interval]))) or sum (rate(x_count" + at + "[$__rate_interval])) as rate",
				"timeseries short: histogram_quantile(0.999, sum (rate(x" + at + "[$__rate_interval]))) or " +
					"histogram_quantile(0.999, sum by (le) (rate(x_bucket" + at + "[$__rate_interval]))) as p99.9",
				"heatmap : sum (rate(x" + at + "[$__rate_interval])) or sum by (le) (rate(x_bucket" + at + "[$__rate_interval])) as {{le}}",
			},
		},
		{
			"gauge histogram", catalog.Family{Name: "x", Type: catalog.GaugeHistogram, Buckets: []float64{1}},
			[]string{
				"timeseries short: histogram_quantile(0.999, sum by (le) (x_bucket" + at + ")) as p99.9",
				"heatmap : sum by (le) (x_bucket" + at + ") as {{le}}",
			},
		},
		{
			"summary", catalog.Family{Name: "x", Type: catalog.Summary, Quantiles: []float64{0.5}, Labels: label},
			[]string{
				"timeseries short: x" + at + " as {{instance}} {{code}} {{quantile}}",
				"timeseries short: sum by (code) (rate(x_sum" + at + "[$__rate_interval])) / sum by (code) (rate(x_count" + at + "[$__rate_interval])) as {{code}}",
			},
		},
		{
			"summary without quantiles", catalog.Family{Name: "x", Type: catalog.Summary},
			[]string{"timeseries short: sum (rate(x_sum" + at + "[$__rate_interval])) / sum (rate(x_count" + at + "[$__rate_interval])) as average"},
		},
		{"info", catalog.Family{Name: "x_info", Type: catalog.Info}, []string{"table : x_info" + at + " as "}},
		{"gauge that is an info", catalog.Family{Name: "x_info", Type: catalog.Gauge}, []string{"table : x_info" + at + " as "}},
		{
			"state set", catalog.Family{Name: "x", Type: catalog.StateSet, States: []string{"a"}, Labels: label},
			[]string{"state-timeline : x" + at + " as {{instance}} {{code}} {{x}}"},
		},
		{
			"labels of the server", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: []catalog.Label{{Name: "job"}}},
			[]string{"timeseries cps: sum by (exported_job) (rate(x_total" + at + "[$__rate_interval])) as {{exported_job}}"},
		},
		{
			"UTF-8", catalog.Family{Name: "x.y", Type: catalog.Counter, Labels: []catalog.Label{{Name: "a.b"}}},
			[]string{`timeseries cps: sum by ("a.b") (rate({"x.y", job=~"$job", instance=~"$instance"}[$__rate_interval])) as __auto`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &catalog.Catalog{Families: []catalog.Family{test.family}}
			var got []string
			for _, p := range read(t, jsonOf(t, c, grafana.Opts{Quantiles: []float64{0.999}})).all() {
				for _, q := range p.Targets {
					got = append(got, fmt.Sprintf("%s %s: %s as %s", p.Type, p.FieldConfig.Defaults.Unit, q.Expr, q.LegendFormat))
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestRows(t *testing.T) {
	named := func(name, collector, kind string) catalog.Family {
		return catalog.Family{Name: name, Type: catalog.Gauge, Collectors: []catalog.Collector{{Name: collector, Kind: kind}}}
	}
	for _, test := range []struct {
		name     string
		families []catalog.Family
		want     string
	}{
		{"none", nil, ""},
		{"one", []catalog.Family{named("shop_db_x", "shop_db_x", "instrument")}, "shop"},
		{
			"one namespace",
			[]catalog.Family{named("go_x", "go", "collector"), named("shop_db_x", "", "instrument"), named("shop_db_y", "", "function"), named("shop_up", "", "instrument")},
			"go, shop, shop_db",
		},
		{"several namespaces", []catalog.Family{named("db_a_x", "", "instrument"), named("web.a_x", "", "instrument")}, "db, web"},
		{"of no collector", []catalog.Family{{Name: "x"}, {Name: "_y"}}, "_y, x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var titles []string
			for _, p := range read(t, jsonOf(t, &catalog.Catalog{Families: test.families}, grafana.Opts{})).Panels {
				if p.Type == "row" {
					titles = append(titles, p.Title)
				}
			}
			if got := strings.Join(titles, ", "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// many returns n gauges in ten rows.
func many(n int) *catalog.Catalog {
	c := new(catalog.Catalog)
	for i := range n {
		c.Families = append(c.Families, catalog.Family{Name: fmt.Sprintf("row%d_%06d", i%10, i), Type: catalog.Gauge})
	}
	return c
}

// TestPlaces checks that panels do not overlap and that their IDs are distinct.
func TestPlaces(t *testing.T) {
	for _, n := range []int{0, 1, 29, 31, 250} {
		d := read(t, jsonOf(t, many(n), grafana.Opts{}))
		type cell struct{ x, y int }
		ids := make(map[uint32]bool)
		check := func(panels []panel) {
			cells := make(map[cell]bool)
			for _, p := range panels {
				if ids[p.ID] || p.ID == 0 {
					t.Errorf("%d panels: %q has the ID %d of another one", n, p.Title, p.ID)
				}
				ids[p.ID] = true
				for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
					for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
						if cells[cell{x, y}] || x >= 24 {
							t.Fatalf("%d panels: %q overlaps at %d, %d", n, p.Title, x, y)
						}
						cells[cell{x, y}] = true
					}
				}
			}
		}
		check(d.Panels)
		for i, p := range d.Panels {
			check(p.Panels)
			if p.Type == "row" && p.Collapsed != (n > 30 && i > 0) && n != 31 {
				t.Errorf("%d panels: row %q is collapsed: %v", n, p.Title, p.Collapsed)
			}
		}
		if got := len(d.all()); got != n {
			t.Errorf("%d panels of %d", got, n)
		}
	}
}

// TestLimits checks that many metrics or long texts do not make the dashboard too large.
func TestLimits(t *testing.T) {
	c := many(10_000)
	help := strings.Repeat("long ", 10_000)
	for i := range c.Families {
		c.Families[i].Help = help
	}
	text := jsonOf(t, c, grafana.Opts{})
	if len(text) > 2<<20 {
		t.Errorf("the dashboard has %d bytes", len(text))
	}
	d := read(t, text)
	if got := len(d.all()); got != 301 {
		t.Errorf("got %d panels, want 300 and a note", got)
	}
	if last := d.Panels[len(d.Panels)-1]; last.Type != "text" || !strings.Contains(string(text), "9700 more panels") {
		t.Errorf("the last panel is %+v", last)
	}
}

// TestIdentity checks which IDs a dashboard keeps when metrics are added, and that it does not depend on
// counts of series.
func TestIdentity(t *testing.T) {
	shop := load(t, "../testdata/shop.json")
	text := jsonOf(t, shop, grafana.Opts{})
	if again := jsonOf(t, shop.Static(), grafana.Opts{}); !bytes.Equal(again, text) {
		t.Error("the counts of series are in the dashboard")
	}
	less := shop.Filter(func(f *catalog.Family) bool { return f.Name != "shop_dynamic" })
	before, after := read(t, jsonOf(t, less, grafana.Opts{})), read(t, text)
	if before.UID != after.UID || before.UID == "" {
		t.Errorf("the UIDs are %q and %q", before.UID, after.UID)
	}
	known := make(map[string]uint32)
	for _, p := range after.all() {
		known[p.Title] = p.ID
	}
	for _, p := range before.all() {
		if known[p.Title] != p.ID {
			t.Errorf("panel %q has ID %d, and %d with one metric less", p.Title, known[p.Title], p.ID)
		}
	}
	if other := read(t, jsonOf(t, shop, grafana.Opts{Title: "Other"})); other.UID == after.UID {
		t.Error("dashboards with different titles have the same UID")
	}
	if given := read(t, jsonOf(t, shop, grafana.Opts{UID: "given"})); given.UID != "given" {
		t.Errorf("the UID is %q", given.UID)
	}
}

// TestNoVariables checks that Grafana finds variables only where the dashboard intends them.
func TestNoVariables(t *testing.T) {
	d := read(t, jsonOf(t, load(t, "../testdata/evil.json"), grafana.Opts{Title: "$job [[job]] ${job}", Description: "$job"}))
	ours := strings.NewReplacer(`job=~"$job"`, "", `instance=~"$instance"`, "", "[$__rate_interval]", "")
	for _, p := range append(d.all(), panel{Title: d.Title, Description: d.Description}) {
		texts := []string{p.Title, p.Description}
		for _, q := range p.Targets {
			texts = append(texts, ours.Replace(q.Expr))
		}
		for _, text := range texts {
			for _, variable := range []string{"$job", "${", "[[", "$__"} {
				if strings.Contains(text, variable) {
					t.Errorf("%q has the variable %s", text, variable)
				}
			}
		}
	}
}

func TestVariables(t *testing.T) {
	for want, families := range map[string][]catalog.Family{
		"label_values(up, job)": {{Name: "x.y", Type: catalog.Gauge}, {Name: "vec", Type: catalog.Gauge, Labels: []catalog.Label{{Name: "a"}}}},
		"label_values(x, job)":  {{Name: "x", Type: catalog.Gauge, Labels: []catalog.Label{{Name: "a", Constant: true}}}},
	} {
		d := read(t, jsonOf(t, &catalog.Catalog{Families: families}, grafana.Opts{}))
		if got := d.Templating.List[1].Definition; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestBadOpts(t *testing.T) {
	for name, opts := range map[string]grafana.Opts{
		"long UID":        {UID: strings.Repeat("x", 41)},
		"percentage":      {Quantiles: []float64{99}},
		"NaN":             {Quantiles: []float64{math.NaN()}},
		"negative panels": {MaxPanels: -1},
	} {
		if d, err := grafana.New(new(catalog.Catalog), opts); err == nil {
			t.Errorf("%s: New returns %v", name, d)
		}
	}
}

// TestMarshal checks that JSON and MarshalJSON agree.
func TestMarshal(t *testing.T) {
	d, err := grafana.New(load(t, "../testdata/evil.json"), grafana.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	short, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	long, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(read(t, short)), fmt.Sprint(read(t, long)); a != b {
		t.Errorf("got\n%s\nand\n%s", a, b)
	}
}
