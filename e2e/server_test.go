//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// maxWait is the longest time that a test waits for something that takes seconds.
const maxWait = 3 * time.Minute

// tools has the paths of the programs that the tests start.
type tools struct {
	prometheus, promtool, quickstart, aggregator, batch, leaf, otelcol string
}

// buildTools builds the tools in a folder that make clean removes. From the second time on, the
// go command finds them up to date.
var buildTools = sync.OnceValues(func() (tools, error) {
	dir, err := filepath.Abs(filepath.Join("..", ".cache", "e2e"))
	if err != nil {
		return tools{}, err
	}
	const prometheus = "github.com/prometheus/prometheus/cmd/"
	err = errors.Join(
		// The tag leaves out service discovery: clients for all the clouds are most of the code.
		goBuild(".", dir, "-tags=remove_all_sd", prometheus+"prometheus", prometheus+"promtool"),
		goBuild(filepath.Join("..", "examples"), dir, "./quickstart", "./aggregator", "./batch"),
		goBuild(".", dir, "./leaf"),
		goBuild(".", dir, "-tags=e2e", "./otelcol"),
	)
	return tools{
		executable(dir, "prometheus"), executable(dir, "promtool"),
		executable(dir, "quickstart"), executable(dir, "aggregator"), executable(dir, "batch"), executable(dir, "leaf"),
		executable(dir, "otelcol"),
	}, err
})

// executable returns the path of a program that goBuild has built.
func executable(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

func goBuild(module, to string, args ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-buildvcs=false", "-o", to + string(filepath.Separator)}, args...)...)
	cmd.Dir = module
	// Each module is built with its own go.mod, even when the tests run in the workspace.
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

func builtTools(t *testing.T) tools {
	t.Helper()
	built, err := buildTools()
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// startPrometheus starts Prometheus with a configuration and returns a client of it.
func startPrometheus(t *testing.T, config string) promv1.API {
	t.Helper()
	built := builtTools(t)
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(built.promtool, "check", "config", file).CombinedOutput(); err != nil {
		t.Fatalf("promtool check config: %v\n%s", err, out)
	}
	address := startProcess(t, `msg="Listening on" .*address=(\S+:\d+)`, built.prometheus,
		"--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"),
		"--web.listen-address=127.0.0.1:0",
		"--enable-feature=exemplar-storage,created-timestamp-zero-ingestion,openmetrics2",
	)
	client, err := api.NewClient(api.Config{Address: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	return promv1.NewAPI(client)
}

// startProcess starts a program, waits until it prints a match of pattern, and returns the match of the
// group in pattern.
func startProcess(t *testing.T, pattern, program string, args ...string) string {
	t.Helper()
	return start(t, program, args...).said(t, pattern)
}

// process is a program that a test has started.
type process struct {
	cmd    *exec.Cmd
	out    output
	exited chan struct{}
	err    error // result of the program; valid when exited is closed
	killed atomic.Bool
}

// start starts a program. At the end of the test, the program is interrupted and must exit properly,
// unless the test has killed it.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startCommand(t, exec.Command(program, args...))
}

// startCommand is like [start] for a command with its own environment, folder or user.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		if p.killed.Load() {
			return
		}
		kill := time.AfterFunc(maxWait, func() { _ = p.cmd.Process.Kill() })
		defer kill.Stop()
		err := p.cmd.Process.Signal(os.Interrupt)
		<-p.exited
		if err := errors.Join(err, p.err); err != nil {
			t.Errorf("%s did not exit properly: %v", filepath.Base(cmd.Path), err)
		}
		if t.Failed() {
			t.Logf("%s printed\n%s", filepath.Base(cmd.Path), p.out.String())
		}
	})
	return p
}

// said waits until the program has printed a match of pattern, and returns the match of the group in
// pattern.
func (p *process) said(t *testing.T, pattern string) string {
	t.Helper()
	said := regexp.MustCompile(pattern)
	var match []string
	eventually(t, func() error {
		var exited bool
		select {
		case <-p.exited:
			exited = true
		default:
		}
		if match = said.FindStringSubmatch(p.out.String()); match != nil {
			return nil
		}
		err := fmt.Errorf("%s has not printed %q", filepath.Base(p.cmd.Path), pattern)
		if exited {
			t.Fatalf("%v, but exited: %v\n%s", err, p.err, p.out.String())
		}
		return err
	})
	return match[1]
}

// kill kills the process.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.killed.Store(true)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-p.exited
}

// stop interrupts the process and checks that it exits properly.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.killed.Store(true)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if <-p.exited; p.err != nil {
		t.Errorf("%s did not exit properly: %v", filepath.Base(p.cmd.Path), p.err)
	}
}

// output is the output of a process. It is safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// eventually waits until check succeeds.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(maxWait)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still after %v: %v", maxWait, err)
		}
		time.Sleep(wait)
	}
}
