package metric_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSelfMetricsPage checks that the page explains each alert and each self-metric, with its type and
// labels, and no others.
func TestSelfMetricsPage(t *testing.T) {
	page := readFile(t, "docs/selfmetrics.md")
	rows := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(app_\\w+)` \\| (\\w+) \\| ([^|]+) \\|").FindAllStringSubmatch(page, -1) {
		rows[row[1]] = row[2] + " by " + row[3]
	}
	exist, _ := allSelfMetrics(t)
	if !maps.Equal(rows, exist) {
		t.Errorf("the page explains\n%v, there are\n%v", rows, exist)
	}
	alerts := readFile(t, "docs/alerts.yml")
	for file, text := range map[string]string{
		"selfmetrics.md": page, "operations.md": readFile(t, "docs/operations.md"),
		"alerts.yml": alerts, "alerts_test.yml": readFile(t, "docs/alerts_test.yml"),
	} {
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
	if fired = slices.Compact(fired); !slices.Equal(fired, rules) {
		t.Errorf("the test of the rules fires\n%q, there are\n%q", fired, rules)
	}
}

// TestOperationsPageKinds checks that the page for operators explains each kind of failure, and that the
// page about self-metrics lists each.
func TestOperationsPageKinds(t *testing.T) {
	page := readFile(t, "docs/operations.md")
	var explained []string
	for _, row := range regexp.MustCompile("(?m)^   \\| `(\\w+)` \\| ").FindAllStringSubmatch(page, -1) {
		explained = append(explained, row[1])
	}
	slices.Sort(explained)
	_, kinds := allSelfMetrics(t)
	if exist := slices.Sorted(maps.Keys(kinds)); !slices.Equal(explained, exist) || len(exist) == 0 {
		t.Errorf("the page explains the kinds\n%q, there are\n%q", explained, exist)
	}
	_, listed, _ := strings.Cut(readFile(t, "docs/selfmetrics.md"), "\n## Kinds of failures\n")
	listed, _, _ = strings.Cut(listed, "\n## ")
	for kind := range kinds {
		if !strings.Contains(listed, "`"+kind+"`") {
			t.Errorf("the page about self-metrics does not list the kind %q", kind)
		}
	}
}
