package exporter

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// programSettings are settings of a program.
type programSettings struct {
	Databases []programDatabase `yaml:"databases,omitempty"`
	Interval  time.Duration     `yaml:"interval"`
	Extra     yaml.Node         `yaml:"extra,omitempty"`
}

type programDatabase struct {
	DSN      string            `yaml:"dsn"`
	Password Secret            `yaml:"password,omitempty"`
	APIKey   string            `yaml:"api_key,omitempty"`
	Headers  map[string]string `yaml:"headers,omitempty"`
}

func writeConfig(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sql.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const wholeConfig = `# A comment.
collectors:
  backups:
    enabled: true
    timeout: 5s
    cache: 0
    breaker: {failures: 5, cooldown: 1m}
    rate_limit: {every: 10s}
    group: databases
    priority: low
  other:
groups:
  databases: {max_concurrent: 2}
modules:
  http: &http
    timeout: 3s # token=abcdef12345
    auth:
      username: joe
      password: hunter2
      client_secret: {file: pw}
    url: https://joe:hunter2@example.org/
  https: *http
targets:
  max_concurrent: 10
databases:
- dsn: postgres://joe:hunter2@db/x
  password: hunter2
  api_key: hunter2
  headers: {Authorization: Bearer hunter2, Accept: text/plain}
interval: 1m
extra: {tokens: [a], secret: [hunter2, {env: X}], passwd: ~}
`

func TestReadFile(t *testing.T) {
	path := writeConfig(t, wholeConfig)
	settings := &programSettings{Interval: time.Hour}
	f, err := readFile(path, settings)
	if err != nil {
		t.Fatal(err)
	}
	backups := f.Collectors["backups"]
	if backups.Enabled == nil || !*backups.Enabled || backups.Line != 3 {
		t.Errorf("the section is %+v", backups)
	}
	want := Policy{Timeout: 5 * time.Second, Breaker: Breaker{5, time.Minute}, RateLimit: RateLimit{10 * time.Second, 1}, Group: "databases", Priority: -1}
	if got := backups.Policy.apply(Policy{Cache: time.Second}); got != want {
		t.Errorf("the policy is %+v, want %+v", got, want)
	}
	if other := f.Collectors["other"]; other.Line != 11 || other.Enabled != nil {
		t.Errorf("an empty section is %+v", other)
	}
	if got := f.Groups["databases"].MaxConcurrent; got != 2 {
		t.Errorf("the group has %d places", got)
	}
	if len(f.Probes.Modules) != 2 {
		t.Errorf("there are %d modules", len(f.Probes.Modules))
	}
	if settings.Interval != time.Minute || len(settings.Databases) != 1 || settings.Databases[0].Password.Reveal() != hunter {
		t.Errorf("the settings are %+v", settings)
	}
}

func TestNoFile(t *testing.T) {
	for name, path := range map[string]string{"no path": "", "empty file": writeConfig(t, ""), "comment": writeConfig(t, "# x\n")} {
		t.Run(name, func(t *testing.T) {
			settings := &programSettings{Interval: time.Hour}
			f, err := readFile(path, settings)
			if err != nil || f.path != path || f.settings != any(settings) || settings.Interval != time.Hour || len(f.Collectors) > 0 {
				t.Errorf("got %+v, %v", f, err)
			}
			if text, err := f.shown(); err != nil || string(text) != "interval: 1h0m0s\n" {
				t.Errorf("it is shown as %q, %v", text, err)
			}
			if f, err := readFile(path, nil); err != nil {
				t.Errorf("without settings: %v", err)
			} else if text, err := f.shown(); err != nil || len(text) > 0 {
				t.Errorf("without settings, it is shown as %q, %v", text, err)
			}
		})
	}
}

func TestReadFileErrors(t *testing.T) {
	const keys = "allowed are: collectors, databases, extra, groups, interval, modules, targets"
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"unknown key", "database: []\n", []string{":1: database: unknown key, did you mean databases? " + keys}},
		{"all at once", "collectors:\n  a:\n    timeout: 5\n    enabeld: true\ngroups: {g: {max_concurrent: 0}}\ninterval: x\n", []string{
			`:3: collectors.a.timeout: "5" has no unit`,
			`:4: collectors.a.enabeld: unknown key, did you mean enabled? allowed are: background, breaker, cache, enabled, group,`,
			`:5: groups.g.max_concurrent: is 0, but must be positive`, `:6: interval: "x" is not a duration`,
		}},
		{"empty group", "groups:\n  g:\n", []string{":2: groups.g: max_concurrent is required"}},
		{"secrets", "databases:\n- password: {env: UP_MISSING}\n- password: {file: missing}\n", []string{
			":2: databases[0].password: the environment variable UP_MISSING is not set", ":3: databases[1].password: open ",
		}},
		{"list", "- a\n", []string{":1: must be a mapping, not a list"}},
		{"syntax", "a: [\n", []string{":1: not valid YAML: "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := writeConfig(t, tc.text)
			f, err := readFile(path, new(programSettings))
			if err == nil {
				t.Fatalf("got %+v", f)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), path+want) {
					t.Errorf("got\n%v\nwant\n%s", err, path+want)
				}
			}
		})
	}
}

// TestReadFileThatIsNone checks the errors for a directory, for a file that is too large, and for a missing
// file.
func TestReadFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yml")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "is a directory", large: "is too large: at most 16384 KiB are allowed", filepath.Join(dir, "no.yml"): "no.yml",
	} {
		if _, err := readFile(path, nil); err == nil || !strings.HasPrefix(err.Error(), "configuration file: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestCheckSettings(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings any
		want     string
	}{
		{"nil", nil, ""},
		{"struct", new(programSettings), ""},
		{"not a pointer", programSettings{}, "is not a pointer to a struct"},
		{"nil pointer", (*programSettings)(nil), "that is nil"},
		{"map", &map[string]int{}, "is not a pointer to a struct"},
		{"a key of the kit", &struct{ Groups []string }{}, `the key "groups" is one of`},
		{"a key of probes", &struct {
			X int `yaml:"modules"`
		}{}, `the key "modules" is one of`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := checkSettings(tc.settings)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if _, err := readFile("", tc.settings); (err == nil) != (tc.want == "") {
				t.Errorf("readFile: %v", err)
			}
		})
	}
}

const wholeShown = `collectors:
  backups:
    enabled: true
    timeout: 5s
    cache: 0s
    breaker:
      failures: 5
      cooldown: 1m
    rate_limit:
      every: 10s
      burst: 1
    group: databases
    priority: low
  other: {}
groups:
  databases:
    max_concurrent: 2
modules:
  http:
    timeout: 3s
    auth:
      username: joe
      password: <secret>
      client_secret: {file: pw}
    url: https://joe:xxxxx@example.org/
  https:
    timeout: 3s
    auth:
      username: joe
      password: <secret>
      client_secret: {file: pw}
    url: https://joe:xxxxx@example.org/
targets:
  max_concurrent: 10
databases:
  - dsn: postgres://joe:xxxxx@db/x
    password: <secret>
    api_key: <secret>
    headers:
      Accept: text/plain
      Authorization: <secret>
interval: 1m0s
extra: {tokens: [a], secret: [<secret>, {env: X}], passwd: ~}
`

// TestShown checks that the configuration is shown without its secrets, and that the shown text can be read
// again.
func TestShown(t *testing.T) {
	settings := new(programSettings)
	f, err := readFile(writeConfig(t, wholeConfig), settings)
	if err != nil {
		t.Fatal(err)
	}
	before := *settings
	text, err := f.shown()
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != wholeShown {
		t.Errorf("got\n%s\nwant\n%s", text, wholeShown)
	}
	if !reflect.DeepEqual(before, *settings) || f.Probes.Modules["http"].Content[3].Content[3].Value != hunter {
		t.Error("showing the configuration changes it")
	}
	if again, err := f.shown(); err != nil || string(again) != wholeShown {
		t.Errorf("the second time, it is\n%s, %v", again, err)
	}
	if _, err := readFile(writeConfig(t, strings.ReplaceAll(string(text), "<secret>", "x")), new(programSettings)); err != nil {
		t.Errorf("what is shown cannot be read again: %v", err)
	}
}

type panicking struct{}

func (panicking) MarshalYAML() (any, error) { panic("no") }

// TestShownOfBadSettings checks that settings that cannot be written as YAML result in an error.
func TestShownOfBadSettings(t *testing.T) {
	for name, settings := range map[string]any{
		"panic":   &struct{ A panicking }{},
		"channel": &struct{ A chan int }{},
	} {
		t.Run(name, func(t *testing.T) {
			f := &file{settings: settings}
			if text, err := f.shown(); err == nil {
				t.Errorf("it is shown as %q", text)
			}
		})
	}
}
