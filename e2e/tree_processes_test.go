//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// leaf is a process at the bottom of the tree.
type leaf struct {
	name, middle string
	mode         string // see the program leaf
	faulty       bool   // None of its series may reach the root.
}

var leaves = []leaf{
	{"hang", "m1", "hang", true},
	{"text", "m1", "text", false},
	{"first", "m1", "ordinary", false},
	{"crash", "m2", "crash", true},
	{"native", "m2", "native", false},
	{"client_golang", "m2", "client_golang", false},
	{"huge", "m3", "huge", true},
	{"second", "m3", "ordinary", false},
	{"third", "m3", "ordinary", false},
}

// tree is a tree of processes: a root gathers from middle processes, and these gather from leaves.
type tree struct {
	dir       string
	addresses map[string]string // of each process, by its name

	test      *testing.T          // the processes end with this test
	processes map[string]*process // the root and the middle processes

	crashes atomic.Int64
	want    map[string]map[string]exposition // expositions of each healthy leaf, by the name of the format
}

// middles are the names of the middle processes.
var middles = []string{"m1", "m2", "m3"}

// middleConfig and rootConfig begin the configurations.
const (
	middleConfig = `
listen: %s
label: leaf
opts: {maxbytes: 16777216}
targets:
`
	rootConfig = `
listen: %s
label: middle
handler: {enableopenmetricstextcreatedsamples: true}
refresh: 200ms
targetsfile: %q
metric_relabel_configs: [{action: dropfamilies, families: [go_gc_.*, go_memstats_.*]}]
targets:
`
)

// plant starts all processes of a tree.
func plant(t *testing.T) *tree {
	t.Helper()
	tr := &tree{test: t, dir: t.TempDir(), addresses: make(map[string]string), processes: make(map[string]*process)}
	for _, l := range leaves {
		if l.mode == "crash" {
			tr.addresses[l.name] = freeAddress(t)
			tr.keepCrashing(t, tr.addresses[l.name])
			continue
		}
		p := start(t, builtTools(t).leaf, "-mode", l.mode)
		p.killed.Store(true) // The leaf need not exit properly.
		t.Cleanup(func() { p.kill(t) })
		tr.addresses[l.name] = p.said(t, `listening on http://(\S+)`)
	}
	for _, name := range middles {
		tr.addresses[name] = freeAddress(t)
		config := fmt.Sprintf(middleConfig, tr.addresses[name])
		for _, l := range leaves {
			if l.middle == name {
				config += fmt.Sprintf("- {url: http://%s/metrics, labels: {leaf: %s}}\n", tr.addresses[l.name], l.name)
			}
		}
		tr.write(t, name+".yml", config)
		tr.start(t, name)
	}
	tr.addresses["root"] = freeAddress(t)
	tr.setTargets(t, middles[1:]...)
	config := fmt.Sprintf(rootConfig, tr.addresses["root"], filepath.Join(tr.dir, "targets.yml"))
	config += fmt.Sprintf("- {url: http://%s/metrics, labels: {middle: %s}}\n", tr.addresses[middles[0]], middles[0])
	tr.write(t, "root.yml", config)
	tr.start(t, "root")
	tr.askLeaves(t)
	return tr
}

// write replaces a file.
func (tr *tree) write(t *testing.T, name, text string) {
	t.Helper()
	replaceFile(t, filepath.Join(tr.dir, name), text)
}

// replaceFile replaces a file atomically.
func replaceFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// start starts the root or a middle process and returns when it listens.
func (tr *tree) start(t *testing.T, name string) {
	t.Helper()
	p := start(tr.test, builtTools(t).aggregator, "-config", filepath.Join(tr.dir, name+".yml"))
	tr.processes[name] = p
	eventually(t, func() error {
		response, err := http.Get("http://" + tr.addresses[name] + "/-/healthy")
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, p.out.String())
		}
		return response.Body.Close()
	})
}

// setTargets writes the root's file of targets.
func (tr *tree) setTargets(t *testing.T, names ...string) {
	t.Helper()
	var text string
	for _, name := range names {
		text += fmt.Sprintf("- targets: [%s]\n  labels: {middle: %s}\n", tr.addresses[name], name)
	}
	tr.write(t, "targets.yml", text)
}

// exitCrashed is the exit code of a leaf that has crashed on purpose.
const exitCrashed = 42

// keepCrashing restarts the crashing leaf after each crash.
func (tr *tree) keepCrashing(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	program := builtTools(t).leaf
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			cmd := exec.CommandContext(ctx, program, "-mode", "crash", "-listen", address)
			if _ = cmd.Run(); cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == exitCrashed {
				tr.crashes.Add(1)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

// freeAddress returns an address that no process listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// askLeaves scrapes each healthy leaf.
func (tr *tree) askLeaves(t *testing.T) {
	t.Helper()
	tr.want = make(map[string]map[string]exposition)
	for _, f := range formats {
		tr.want[f.name] = make(map[string]exposition)
		for _, l := range leaves {
			if l.faulty {
				continue
			}
			got, _, err := ask(t.Context(), tr.addresses[l.name], f, "leaf", l.name, "middle", l.middle)
			if err != nil {
				t.Fatalf("%s: %v", l.name, err)
			}
			tr.want[f.name][l.name] = got
		}
	}
}

// ask asks a process for its metrics like a server whose timeout is one second.
func ask(ctx context.Context, address string, f format, added ...string) (exposition, time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return exposition{}, 0, err
	}
	req.Header.Set("Accept", f.accept)
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
	started := time.Now()
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return exposition{}, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	took := time.Since(started)
	if err != nil {
		return exposition{}, took, err
	}
	if response.StatusCode != http.StatusOK {
		return exposition{}, took, fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	got, err := parse(body, response.Header.Get("Content-Type"), added...)
	return got, took, err
}

// peakMemory returns the peak memory of a process in bytes. It works on Linux.
func (p *process) peakMemory(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kibibytes int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kibibytes); n == 1 {
			return kibibytes << 10
		}
	}
	t.Fatalf("the process does not say how much memory it has had:\n%s", status)
	return 0
}
