package metric_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// selfMetricTypes returns all self-metrics that there are, with their types.
func selfMetricTypes(t *testing.T) map[string]string {
	t.Helper()
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	err := r.RegisterWith(plain{"a", func(chan<- metric.Metric) {}},
		metric.WithTimeout(time.Minute), metric.WithCache(time.Minute), metric.WithStale(2*time.Minute),
		metric.WithBreaker(1, time.Minute), metric.WithRateLimit(1, 1), metric.WithPriority(metric.PriorityLow),
		metric.WithGroup(metric.NewGroup("g", 1)))
	if err != nil {
		t.Fatal(err)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]string)
	for _, f := range families {
		types[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	return types
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestOperationsPage checks that the page for operators explains each self-metric that
// there is, with its type, and no other, and each alert.
func TestOperationsPage(t *testing.T) {
	page := readFile(t, "docs/operations.md")
	rows := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(app_\\w+)` \\| (\\w+) \\|").FindAllStringSubmatch(page, -1) {
		rows[row[1]] = row[2]
	}
	exist := selfMetricTypes(t)
	if !maps.Equal(rows, exist) {
		t.Errorf("the page explains\n%v, there are\n%v", rows, exist)
	}
	alerts := readFile(t, "docs/alerts.yml")
	for file, text := range map[string]string{"operations.md": page, "alerts.yml": alerts, "alerts_test.yml": readFile(t, "docs/alerts_test.yml")} {
		for _, name := range regexp.MustCompile(`\bapp_scrape_[a-z_]*[a-z]`).FindAllString(text, -1) {
			if _, ok := exist[name]; !ok {
				t.Errorf("%s has %s, which does not exist", file, name)
			}
		}
	}

	matches := func(text, pattern string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	rules := matches(alerts, `- alert: (\w+)`)
	if explained := matches(page, "(?m)^\\| `([A-Z]\\w+)` \\|.*\\| (?:info|warning|critical) \\|$"); !slices.Equal(explained, rules) {
		t.Errorf("the page explains the alerts\n%q, there are\n%q", explained, rules)
	}
	fired := matches(readFile(t, "docs/alerts_test.yml"), `(?m)^ +alertname: (\w+)\n +exp_alerts:`)
	slices.Sort(fired)
	slices.Sort(rules)
	if !slices.Equal(fired, rules) {
		t.Errorf("the test of the rules fires\n%q, there are\n%q", fired, rules)
	}
}

// TestOperationsPageKinds checks that the page explains each kind of failure.
func TestOperationsPageKinds(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	r.MustRegister(plain{"a", func(chan<- metric.Metric) {}})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	page := readFile(t, "docs/operations.md")
	kinds := 0
	for _, f := range families {
		if f.GetName() != "app_scrape_collector_errors_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "kind" {
					kinds++
					if !strings.Contains(page, "\n   | `"+l.GetValue()+"` | ") {
						t.Errorf("the page does not explain the kind %q", l.GetValue())
					}
				}
			}
		}
	}
	if kinds == 0 {
		t.Error("there are no kinds")
	}
}
