package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// settings are the prober's settings in these tests.
type settings struct {
	Path     string            `yaml:"path"`
	Password string            `yaml:"password"`
	Headers  map[string]string `yaml:"headers"`
	Limit    int               `yaml:"limit"`
	URL      string            `yaml:"url"`
}

func withSettings(name string, made *[]Module) Prober {
	return Prober{
		Name:     name,
		Settings: func() any { return &settings{Path: "/default"} },
		New: func(m *Module) (Func, error) {
			s := m.Settings.(*settings)
			switch s.Path {
			case "panic":
				panic("boom")
			case "error":
				return nil, errors.New("no such path")
			case "nil":
				return nil, nil
			}
			if made != nil {
				*made = append(*made, *m)
			}
			return func(context.Context, *Probe) error { return nil }, nil
		},
	}
}

func TestModules(t *testing.T) {
	var made []Module
	h, err := NewHandler(Opts{Probers: []Prober{withSettings("http", &made), withSettings("tcp", nil)}})
	if err != nil {
		t.Fatal(err)
	}
	prepared(t, h, "modules:\n  a: &a {prober: http, timeout: 5s, limit: 3}\n  b: {<<: *a, limit: 4}\n  c: *a\n  d: {prober: tcp}\n")
	if len(made) != 3 {
		t.Fatalf("%d modules, want 3", len(made))
	}
	limits := map[string]int{"a": 3, "b": 4, "c": 3}
	for _, m := range made {
		limit := limits[m.Name]
		delete(limits, m.Name)
		if s := m.Settings.(*settings); m.Timeout != 5*time.Second || s.Path != "/default" || s.Limit != limit {
			t.Errorf("module %+v with %+v", m, s)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		name, config string
		want         []string
	}{
		{"no prober", "modules:\n  a: {path: /}\n", []string{"probes.yml:2: modules.a: prober is missing; allowed are: http, tcp"}},
		{"unknown prober", "modules:\n  a:\n    prober: https\n", []string{"probes.yml:3: modules.a", `unknown prober "https", did you mean http? allowed are: http, tcp`}},
		{"unknown key", "modules:\n  a:\n    prober: http\n    pth: /\n", []string{"probes.yml:4: modules.a.pth: unknown key", "headers, limit, password, path, prober, timeout, url"}},
		{"wrong type", "modules:\n  a:\n    prober: http\n    limit: many\n", []string{"probes.yml:4: modules.a.limit: "}},
		{"bad timeout", "modules:\n  a:\n    prober: http\n    timeout: -5s\n", []string{"probes.yml:4: modules.a.timeout: ", "negative"}},
		{"timeout without unit", "modules:\n  a: {prober: http, timeout: 5}\n", []string{"probes.yml:2: modules.a.timeout: ", "no unit"}},
		{"error", "modules:\n  a: {prober: http}\n  b: {prober: http, path: error}\n", []string{`probes.yml:3: modules.b: prober "http": no such path`}},
		{"panic", "modules:\n  a: {prober: http, path: panic}\n", []string{`probes.yml:2: modules.a: prober "http": it panicked: boom`}},
		{"no function", "modules:\n  a: {prober: http, path: nil}\n", []string{`probes.yml:2: modules.a: prober "http": it has made no function`}},
		{"all at once", "modules:\n  b: {prober: http, x: 1}\n  a: {prober: x}\n", []string{"probes.yml:2: modules.b.x", "probes.yml:3: modules.a"}},
		{"pattern", "targets:\n  allow:\n    - 10.0.0.0/8\n    - 10.0.0.1/8\n", []string{"probes.yml:4: targets.allow[1]: ", "10.0.0.0/8 is meant"}},
		{"pattern of deny", "targets:\n  deny: ['a b']\n", []string{"probes.yml:2: targets.deny[0]: "}},
		{"unknown key of targets", "targets:\n  alow: []\n", []string{"probes.yml:2: targets.alow: unknown key, did you mean allow?"}},
		{"negative limit", "targets:\n  max_per_target: -1\n", []string{"probes.yml:2: targets", "max_per_target is -1; it must be at least 1"}},
		{"no mapping", "modules:\n  a: x\n", []string{"probes.yml:2: modules.a: "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := NewHandler(Opts{Probers: []Prober{withSettings("http", nil), withSettings("tcp", nil)}})
			if err != nil {
				t.Fatal(err)
			}
			c, err := parse(t, test.config)
			if err == nil {
				_, err = h.Prepare("probes.yml", c)
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in:\n%v", want, err)
				}
			}
			if strings.Count(err.Error(), "probes.yml") != strings.Count(err.Error(), "\n")+1 {
				t.Errorf("the file is not named once in each line:\n%v", err)
			}
		})
	}
}

// TestConfigOfGo checks that Prepare finds mistakes in a Config that does not come from a file.
func TestConfigOfGo(t *testing.T) {
	h, err := NewHandler(Opts{Probers: []Prober{prober(up)}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Prepare("probes.yml", Config{Targets: Targets{Allow: []string{"10.0.0.1/8"}, MaxConcurrent: -1}})
	for _, want := range []string{"targets.allow[0]", "max_concurrent is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

// TestUseOfAnothersSet checks that Use panics for a set that another handler has prepared.
func TestUseOfAnothersSet(t *testing.T) {
	a, b := answering(t, "modules: {a: {}}", up), answering(t, "modules: {a: {}}", up)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	a.Use(b.set)
}
