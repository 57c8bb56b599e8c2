package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVetTool runs the program as go vet does, on a module that uses client_golang's names.
func TestVetTool(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "metricvet.exe")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"go.mod":              "module example.com/app\n\ngo 1.26\n\nrequire github.com/prometheus/client_golang v1.0.0\n\nreplace github.com/prometheus/client_golang => ./lib\n",
		"lib/go.mod":          "module github.com/prometheus/client_golang\n\ngo 1.26\n",
		"lib/prometheus/p.go": "package prometheus\n\ntype CounterOpts struct{ Name, Help string }\n\ntype CounterVec struct{}\n\nfunc NewCounterVec(CounterOpts, []string) *CounterVec { return nil }\n\nfunc (*CounterVec) WithLabelValues(...string) int { return 0 }\n",
		"own/own.go":          "package own\n\nimport \"github.com/prometheus/client_golang/prometheus\"\n\nvar Jobs = prometheus.NewCounterVec(prometheus.CounterOpts{Name: \"jobs_total\", Help: \"Jobs.\"}, []string{\"state\"})\n",
		"app.go":              "package app\n\nimport \"example.com/app/own\"\n\nfunc f() { own.Jobs.WithLabelValues() }\n",
	} {
		path := filepath.Join(dir, "m", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, args := range map[string][]string{
		"vet":   {"go", "vet", "-vettool=" + tool, "./..."},
		"alone": {tool, "./..."},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = filepath.Join(dir, "m")
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "jobs_total has 1 label (state), but WithLabelValues gets 0 values: it panics") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
