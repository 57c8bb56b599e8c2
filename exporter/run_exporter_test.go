//go:build unix

package exporter

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRunExporter runs a complete exporter with a configuration file, and stops it.
func TestRunExporter(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "config.yml"), "")
	listening := make(chan []net.Addr, 1)
	config := Config{
		Name: "test_exporter", Address: "127.0.0.1:0", Logger: new(logBuffer).logger(),
		Listening: func(a []net.Addr) { listening <- a },
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, config, []string{"--config.file=" + file}) }()
	var base string
	select {
	case a := <-listening:
		base = "http://" + a[0].String()
	case err := <-ended:
		t.Fatal(err)
	}
	client := newClient(t, nil)
	for path, want := range map[string]string{
		"/metrics": "test_config_last_reload_successful 1", "/": "<h1>test_exporter</h1>", "/status": "", "/config": "",
		"/-/healthy": "healthy", "/-/ready": "ready",
	} {
		if a := mustDo(t, client, "GET", base+path); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d, no %q in\n%s", path, a.status, want, a.body)
		}
	}
	writeFile(t, file, "nonsense: 1\n")
	if a := mustDo(t, client, "POST", base+"/-/reload"); a.status != 500 || !strings.Contains(a.body, "nonsense") {
		t.Errorf("reload of an invalid file: %d %q", a.status, a.body)
	}
	if a := mustDo(t, client, "GET", base+"/metrics"); !strings.Contains(a.body, "test_config_last_reload_successful 0") {
		t.Errorf("metrics after it:\n%s", a.body)
	}
	writeFile(t, file, "")
	if a := mustDo(t, client, "POST", base+"/-/reload"); a.status != 200 {
		t.Errorf("reload: %d %q", a.status, a.body)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(wait):
		t.Fatal("Run has not returned")
	}
}

func TestRunExporterCheck(t *testing.T) {
	var out bytes.Buffer
	config := Config{Name: "test_exporter", Output: &out}
	if err := Run(t.Context(), config, []string{"--config.check"}); err != nil || !strings.Contains(out.String(), "valid") {
		t.Errorf("%v, output %q", err, out.String())
	}
	file := writeFile(t, filepath.Join(t.TempDir(), "config.yml"), "\nnonsense: 1\n")
	wantError(t, Run(t.Context(), config, []string{"--config.check", "--config.file=" + file}), file, "2", "nonsense")
	err := Run(t.Context(), config, []string{"--config.check", "--web.telemetry-path=/status"})
	wantError(t, err, "--web.telemetry-path")
	_, err = New(Config{Name: "test_exporter", Pages: []Page{{Path: "/status", Handler: text("")}}})
	wantError(t, err, "/status")
}

// TestMainProcess runs Main in a child process: this test binary, with an environment variable set.
func TestMainProcess(t *testing.T) {
	if args := os.Getenv("EXPORTER_TEST_MAIN"); args != "" {
		os.Args = append([]string{"test_exporter"}, strings.Fields(args)...)
		Main(Config{
			Name: "test_exporter", Address: "127.0.0.1:0",
			Listening: func([]net.Addr) { _ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM) },
		})
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args string) (string, int) {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestMainProcess$")
		cmd.Env = append(os.Environ(), "EXPORTER_TEST_MAIN="+args)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run("--log.level=info"); code != 0 || !strings.Contains(out, "Shutting down") {
		t.Errorf("SIGTERM: exit code %d\n%s", code, out)
	}
	if out, code := run("--nonsense"); code != 1 || !strings.Contains(out, "test_exporter: error: ") || !strings.Contains(out, "--nonsense") {
		t.Errorf("wrong flag: exit code %d\n%s", code, out)
	}
	if out, code := run("--version"); code != 0 || !strings.Contains(out, "test_exporter, version") {
		t.Errorf("version: exit code %d\n%s", code, out)
	}
}
