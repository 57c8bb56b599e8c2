package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write creates a file in a temporary folder and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// newTarget returns the URL of a page with the given metrics.
func newTarget(t *testing.T, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// scrape returns the exposition that the program serves with a configuration.
func scrape(t *testing.T, text string) string {
	t.Helper()
	c, err := load(write(t, "aggregator.yml", text))
	if err != nil {
		t.Fatal(err)
	}
	defer c.group.Close()
	response := httptest.NewRecorder()
	c.page.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if response.Code != http.StatusOK {
		t.Fatalf("status %d: %s", response.Code, response.Body)
	}
	return response.Body.String()
}

// check checks that an exposition contains all texts in want and none of the texts in none.
func check(t *testing.T, got string, want, none []string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+got, "\n"+line+"\n") {
			t.Errorf("got\n%s\nwithout %s", got, line)
		}
	}
	for _, text := range none {
		if strings.Contains(got, text) {
			t.Errorf("got\n%s\nwith %s", got, text)
		}
	}
}

func TestPage(t *testing.T) {
	const jobs = "# TYPE jobs gauge\njobs{instance=\"i\"} 2\ndebug_lines 1\n"
	one, two := newTarget(t, jobs), newTarget(t, jobs)
	static := fmt.Sprintf("targets: [{url: %s, labels: {instance: one, shard: a}}]\n", one)
	broken := newTarget(t, "jobs 1\njobs{")
	for _, test := range []struct {
		name, config string
		want, none   []string
	}{
		{
			"a static target", static,
			[]string{
				`jobs{exported_instance="i",instance="one",shard="a"} 2`,
				`debug_lines{instance="one",shard="a"} 1`,
				`remote_target_success{instance="one",shard="a"} 1`,
				`# TYPE go_goroutines gauge`,
			},
			nil,
		},
		{
			"a file beside it", static + fmt.Sprintf("targetsfile: %q\n", write(t, "targets.yml", fmt.Sprintf("- targets: [%s]\n  labels: {instance: two}\n", two))),
			[]string{`jobs{exported_instance="i",instance="one",shard="a"} 2`, `jobs{exported_instance="i",instance="two"} 2`},
			nil,
		},
		{
			"rules", static + "metric_relabel_configs: [{action: dropfamilies, families: [debug_.*]}, {action: labeldrop, regex: shard}]\n",
			[]string{`jobs{exported_instance="i",instance="one"} 2`, `remote_target_success{instance="one"} 1`},
			[]string{"debug_lines"},
		},
		{
			"honored labels", static + "honorlabels: true\n",
			[]string{`jobs{instance="i",shard="a"} 2`},
			nil,
		},
		{
			"a limit", static + "opts: {maxbytes: 10}\n",
			[]string{`remote_target_success{instance="one",shard="a"} 0`},
			[]string{"jobs"},
		},
		{
			"a target that breaks off", fmt.Sprintf("targets: [{url: %s, labels: {instance: one}}, {url: %s, labels: {instance: broken}}]\n", one, broken),
			[]string{
				`jobs{exported_instance="i",instance="one"} 2`,
				`remote_target_success{instance="one"} 1`, `remote_target_success{instance="broken"} 0`,
			},
			[]string{`jobs{instance="broken"}`},
		},
	} {
		t.Run(test.name, func(t *testing.T) { check(t, scrape(t, test.config), test.want, test.none) })
	}
}

// TestStale checks that the page keeps the last metrics of a target that has gone.
func TestStale(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, "jobs 2\n")
	}))
	defer target.Close()
	c, err := load(write(t, "aggregator.yml", fmt.Sprintf("stale: 1h\ntargets: [{url: %s, labels: {instance: one}}]\n", target.URL)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.group.Close()
	for success := 1; success >= 0; success-- {
		response := httptest.NewRecorder()
		c.page.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		check(t, response.Body.String(), []string{`jobs{instance="one"} 2`, fmt.Sprintf(`remote_target_success{instance="one"} %d`, success)}, nil)
		target.Close()
	}
}

func TestBadConfigurations(t *testing.T) {
	for _, test := range []struct {
		name, config string
		want         []string
	}{
		{"a key", "listen: :0\ntarget: []", []string{"line 2", "target not found", "allowed are", "targetsfile"}},
		{"a key of a target", "targets:\n- uri: x", []string{"line 2", "uri not found"}},
		{"a duration", "targettimeout: 5", []string{"line 1", "`5` into time.Duration"}},
		{"a URL", "targets: [{url: localhost}]", []string{"target 1", "http:// or https://"}},
		{"a label twice", "targets: [{url: http://a}, {url: http://a/b}]", []string{"target 2", `instance="a"`}},
		{"a rule", "metric_relabel_configs:\n- action: dorp", []string{"line 2", `"dorp"`, "the actions are replace, keep, drop"}},
		{"a limit", "opts: {maxbytes: -1}", []string{"MaxBytes", "must be positive"}},
		{"a policy", "stale: -1s", []string{"stale -1s", "must be positive"}},
		{"the label", "label: __x", []string{"__x", "reserved"}},
		{"no YAML", "targets: [", []string{"line 1"}},
		{"nothing", "", []string{"EOF", "allowed are"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := write(t, "aggregator.yml", test.config)
			_, err := load(file)
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, want := range append(test.want, file) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q without %q", err, want)
				}
			}
		})
	}
	if _, err := load("missing.yml"); !os.IsNotExist(err) {
		t.Errorf("a missing file: got error %v", err)
	}
}

// TestExample checks that aggregator.yml is valid, both as it is and with its comments uncommented.
func TestExample(t *testing.T) {
	text, err := os.ReadFile("aggregator.yml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if setting, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "# "); ok && strings.Contains(strings.SplitN(setting, " ", 2)[0], ":") {
			lines[i] = strings.Replace(line, "# ", "", 1)
		}
	}
	for _, text := range []string{string(text), strings.Join(lines, "\n")} {
		c, err := load(write(t, "aggregator.yml", text))
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		if got := len(c.group.Targets()); got != 2 {
			t.Errorf("got %d targets, want 2", got)
		}
		c.group.Close()
	}
}
