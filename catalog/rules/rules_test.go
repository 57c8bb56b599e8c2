package rules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"text/template"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/catalog/rules"
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

func rulesOf(t *testing.T, c *catalog.Catalog, opts rules.Opts) *rules.File {
	t.Helper()
	f, err := rules.New(c, opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func yamlOf(t *testing.T, f *rules.File) []byte {
	t.Helper()
	text, err := f.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"shop", "evil"} {
		t.Run(name, func(t *testing.T) {
			c := load(t, "../testdata/"+name+".json")
			f := rulesOf(t, c, rules.Opts{Job: name, Labels: map[string]string{"team": name}})
			got := yamlOf(t, f)
			file := "testdata/" + name + "_rules.yml"
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
				t.Errorf("the rules are not those of %s (-update writes it):\n%s", file, got)
			}
			var again rules.File
			if err := yaml.Unmarshal(got, &again); err != nil || !reflect.DeepEqual(&again, f) {
				t.Errorf("reading the YAML again gives %v and\n%+v\nwant\n%+v", err, again, *f)
			}
			if static := yamlOf(t, rulesOf(t, c.Static(), rules.Opts{Job: name, Labels: map[string]string{"team": name}})); !bytes.Equal(static, got) {
				t.Error("the counts of series are in the rules")
			}
		})
	}
}

// lines returns the rules as text, one per line.
func lines(f *rules.File) []string {
	var all []string
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			all = append(all, r.Record+r.Alert+" "+strings.Join(strings.Fields(r.Expr), " "))
		}
	}
	return all
}

// TestConventions checks the rules for a family, without the one for targets that are down.
func TestConventions(t *testing.T) {
	schema := int32(3)
	labels := func(names ...string) (all []catalog.Label) {
		for _, name := range names {
			all = append(all, catalog.Label{Name: name})
		}
		return all
	}
	for _, test := range []struct {
		name   string
		family catalog.Family
		want   []string
	}{
		{"gauge", catalog.Family{Name: "x", Type: catalog.Gauge, Labels: labels("code")}, nil},
		{"counter", catalog.Family{Name: "x_total", Type: catalog.Counter}, []string{"job:x:rate5m sum by (job) (rate(x_total[5m]))"}},
		{
			"counter with a code", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: labels("code", "error")},
			[]string{
				"job:x:rate5m sum by (job) (rate(x_total[5m]))",
				`XErrorRatioHigh sum by (job) (rate(x_total{code=~"5..|5xx"}[5m])) / sum by (job) (rate(x_total[5m])) > 0.05`,
			},
		},
		{
			"constant code", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: []catalog.Label{{Name: "code", Constant: true, Value: "1"}}},
			[]string{"job:x:rate5m sum by (job) (rate(x_total[5m]))"},
		},
		{
			"counter with errors", catalog.Family{Name: "x.y", Type: catalog.Counter, Labels: labels("error")},
			[]string{
				`job:x_y:rate5m sum by (job) (rate({"x.y"}[5m]))`,
				`XYErrorRatioHigh sum by (job) (rate({"x.y", error!~"|0|(?i:false|no|none|nil|ok)"}[5m])) / sum by (job) (rate({"x.y"}[5m])) > 0.05`,
			},
		},
		{
			"OpenTelemetry's HTTP", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: labels("error_type", "http_response_status_code")},
			[]string{
				"job:x:rate5m sum by (job) (rate(x_total[5m]))",
				`XErrorRatioHigh sum by (job) (rate(x_total{error_type!~"|4..|canceled|client_gone"}[5m])) / sum by (job) (rate(x_total[5m])) > 0.05`,
			},
		},
		{
			"classes of errors", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: labels("error_type")},
			[]string{"job:x:rate5m sum by (job) (rate(x_total[5m]))"},
		},
		{
			"OpenTelemetry's gRPC", catalog.Family{Name: "x_total", Type: catalog.Counter, Labels: labels("grpc_status")},
			[]string{
				"job:x:rate5m sum by (job) (rate(x_total[5m]))",
				`XErrorRatioHigh sum by (job) (rate(x_total{grpc_status=~"UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"}[5m])) / sum by (job) (rate(x_total[5m])) > 0.05`,
			},
		},
		{
			"sizes", catalog.Family{Name: "x_bytes", Type: catalog.Histogram, Buckets: []float64{1}, Labels: labels("code")},
			[]string{
				"job:x_bytes_count:rate5m sum by (job) (rate(x_bytes_count[5m]))",
				"job:x_bytes:p99_9_5m histogram_quantile(0.999, sum by (job, le) (rate(x_bytes_bucket[5m])))",
			},
		},
		{
			"failures", catalog.Family{Name: "x_failures_total", Type: catalog.Counter, Labels: labels("code")},
			[]string{
				"job:x_failures:rate5m sum by (job) (rate(x_failures_total[5m]))",
				"XFailuresIncreasing sum by (job, instance) (increase(x_failures_total[15m])) > 0",
			},
		},
		{
			"a word that ends alike", catalog.Family{Name: "x_unfailed_total", Type: catalog.Counter},
			[]string{"job:x_unfailed:rate5m sum by (job) (rate(x_unfailed_total[5m]))"},
		},
		{
			"classic histogram", catalog.Family{Name: "x", Type: catalog.Histogram, Buckets: []float64{1}, Labels: labels("status")},
			[]string{
				"job:x_count:rate5m sum by (job) (rate(x_count[5m]))",
				"job:x:p99_9_5m histogram_quantile(0.999, sum by (job, le) (rate(x_bucket[5m])))",
				`XErrorRatioHigh (sum by (job) (rate(x_count{status=~"5..|5xx|(?i:errors?|fail(ed|ures?)?)"}[5m]))) / (sum by (job) (rate(x_count[5m]))) > 0.05`,
			},
		},
		{
			"native histogram", catalog.Family{Name: "x", Type: catalog.Histogram, NativeSchema: &schema},
			[]string{
				"job:x_count:rate5m histogram_count(sum by (job) (rate(x[5m])))",
				"job:x:p99_9_5m histogram_quantile(0.999, sum by (job) (rate(x[5m])))",
			},
		},
		{
			"both", catalog.Family{Name: "x", Type: catalog.Histogram, NativeSchema: &schema, Buckets: []float64{1}},
			[]string{
				"job:x_count:rate5m histogram_count(sum by (job) (rate(x[5m]))) or sum by (job) (rate(x_count[5m]))",
				"job:x:p99_9_5m histogram_quantile(0.999, sum by (job) (rate(x[5m]))) or histogram_quantile(0.999, sum by (job, le) (rate(x_bucket[5m])))",
			},
		},
		{
			"summary", catalog.Family{Name: "x", Type: catalog.Summary},
			[]string{
				"job:x_count:rate5m sum by (job) (rate(x_count[5m]))",
				"job:x:mean5m sum by (job) (rate(x_sum[5m])) / sum by (job) (rate(x_count[5m]))",
			},
		},
		{
			"success of collectors", catalog.Family{Name: "app_scrape_collector_success", Type: catalog.Gauge, Labels: labels("collector")},
			[]string{"CollectorFailing app_scrape_collector_success == 0", "CollectorStuck app_scrape_collector_stuck_seconds > 300"},
		},
		{
			"stuck collectors", catalog.Family{Name: "app_scrape_collector_stuck_seconds", Type: catalog.Gauge, Labels: labels("collector")},
			nil, // The metric for success has the alert.
		},
		{
			"errors of collectors", catalog.Family{Name: "app_scrape_collector_errors_total", Type: catalog.Counter, Labels: labels("collector")},
			[]string{"job:app_scrape_collector_errors:rate5m sum by (job) (rate(app_scrape_collector_errors_total[5m]))"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := rulesOf(t, &catalog.Catalog{Families: []catalog.Family{test.family}}, rules.Opts{Quantiles: []float64{0.999}})
			var got []string
			for _, line := range lines(f) {
				if line != "TargetDown up == 0" {
					got = append(got, line)
				}
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestOpts(t *testing.T) {
	c := &catalog.Catalog{Families: []catalog.Family{{Name: "x_total", Type: catalog.Counter, Labels: []catalog.Label{{Name: "code"}}}}}
	f := rulesOf(t, c, rules.Opts{
		Job: `a"b`, Prefix: "shop_", Window: 90 * time.Second, ErrorRatio: 0.2, Labels: map[string]string{"severity": "page", "team": "a"},
	})
	want := `job:x:rate1m30s sum by (job) (rate(x_total{job="a\"b"}[1m30s]))
TargetDown up{job="a\"b"} == 0
TargetAbsent absent(up{job="a\"b"})
XErrorRatioHigh sum by (job) (rate(x_total{job="a\"b", code=~"5..|5xx"}[1m30s])) / sum by (job) (rate(x_total{job="a\"b"}[1m30s])) > 0.2`
	if got := strings.Join(lines(f), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, g := range f.Groups {
		if !strings.HasPrefix(g.Name, "shop_") {
			t.Errorf("a group has the name %q", g.Name)
		}
		for _, r := range g.Rules {
			if r.Alert != "" && (r.Labels["severity"] != "page" || r.Labels["team"] != "a") {
				t.Errorf("alert %s has the labels %v", r.Alert, r.Labels)
			}
		}
	}
}

func TestBadOpts(t *testing.T) {
	for name, opts := range map[string]rules.Opts{
		"percentage":                 {Quantiles: []float64{99}},
		"NaN":                        {Quantiles: []float64{math.NaN()}},
		"negative window":            {Window: -time.Second},
		"half a second":              {Window: 1500 * time.Millisecond},
		"ratio in percent":           {ErrorRatio: 5},
		"ratio that is not a number": {ErrorRatio: math.NaN()},
		"label without name":         {Labels: map[string]string{"": "x"}},
		"label not UTF-8":            {Labels: map[string]string{"x": "\xff"}},
		"job not UTF-8":              {Job: "\xff"},
		"prefix not UTF-8":           {Prefix: "\xff"},
	} {
		if f, err := rules.New(new(catalog.Catalog), opts); err == nil {
			t.Errorf("%s: New returns %v", name, f)
		}
	}
}

func TestEmptyCatalog(t *testing.T) {
	if got := lines(rulesOf(t, new(catalog.Catalog), rules.Opts{})); len(got) != 1 || got[0] != "TargetDown up == 0" {
		t.Errorf("got %q", got)
	}
}

// TestNames checks that the names of rules are unique, and that each alert names its subject.
func TestNames(t *testing.T) {
	f := rulesOf(t, load(t, "../testdata/evil.json"), rules.Opts{Job: "evil"})
	seen := make(map[string]bool)
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			if name := r.Record + r.Alert; seen[name] {
				t.Errorf("there are two rules named %q", name)
			} else {
				seen[name] = true
			}
			if r.Alert != "" && (r.Annotations["summary"] == "" || r.Annotations["description"] == "" || r.Labels["severity"] == "") {
				t.Errorf("alert %+v lacks something", r)
			}
		}
	}
	if !seen["job:my_counter:rate5m"] || !seen["job:my_counter:rate5m_2"] {
		t.Errorf("names that are the same without dots: %v", seen)
	}
}

// TestTemplates checks that the templates of annotations do not execute any text of a metric.
func TestTemplates(t *testing.T) {
	const help = `{{ $labels.job }} {{{ template "x" }} ${job} {`
	c := &catalog.Catalog{Families: []catalog.Family{
		{Name: "{{ $value }}_errors_total", Type: catalog.Counter, Help: help},
		{Name: "{{x", Type: catalog.Counter, Help: help, Labels: []catalog.Label{{Name: "code"}}},
	}}
	n := 0
	for _, g := range rulesOf(t, c, rules.Opts{Job: "{{ .job }}{"}).Groups {
		for _, r := range g.Rules {
			for _, text := range r.Annotations {
				out := expand(t, text)
				if strings.Contains(text, "Help of the metric") {
					n++
					if !strings.Contains(out, help) {
						t.Errorf("alert %s says %q, which lacks %q", r.Alert, out, help)
					}
				}
			}
		}
	}
	if n != 2 {
		t.Errorf("%d annotations have a help text, want 2", n)
	}
}

// expand executes a template as Prometheus does.
func expand(t *testing.T, text string) string {
	t.Helper()
	parsed, err := template.New("").Funcs(template.FuncMap{
		"humanize": func(v any) any { return v }, "humanizePercentage": func(v any) any { return v }, "humanizeDuration": func(v any) any { return v },
	}).Parse("{{$labels := .Labels}}{{$value := .Value}}" + text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, map[string]any{"Labels": map[string]string{"job": "a", "instance": "b", "collector": "c"}, "Value": 1}); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return b.String()
}

func TestLongHelp(t *testing.T) {
	c := &catalog.Catalog{Families: []catalog.Family{{Name: "errors_total", Type: catalog.Counter, Help: strings.Repeat("ü", 100_000)}}}
	if got := len(yamlOf(t, rulesOf(t, c, rules.Opts{}))); got > 10_000 {
		t.Errorf("the rules have %d bytes", got)
	}
}
