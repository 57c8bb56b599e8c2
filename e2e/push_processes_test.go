//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// pushInterval is the interval at which the example programs push.
const pushInterval = 2 * time.Second

// buildPushers builds the example programs that push and returns their folder.
var buildPushers = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(filepath.Join("..", ".cache", "e2e", "pushers"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, goBuild(filepath.Join("..", "examples"), dir, "./push/pushgateway", "./push/graphite", "./push/textfile", "./push/otlp")
})

// testPusher runs an example program with a collector that hangs. It checks that the series of the other
// collectors reach a server while the program runs, and that after the last push the server has exactly
// the values that the program prints at its end. The function read returns the server's current values,
// keyed by the names of the series without labels. The names begin with prefix.
func testPusher(t *testing.T, program, prefix string, args []string, read func() (map[string]float64, error)) {
	t.Helper()
	dir, err := buildPushers()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	p := start(t, filepath.Join(dir, program), append(args, "-hang", "-interval", pushInterval.String())...)
	const jobs, jobCount, timeLeft, hanging = "demo_jobs_total", "demo_job_duration_seconds_count", "demo_time_left_seconds", "demo_hanging"
	first := 0.0
	await := func(check func(got map[string]float64) error) {
		t.Helper()
		eventually(t, func() error {
			got, err := read()
			if err == nil {
				err = check(got)
			}
			if err != nil {
				return fmt.Errorf("%w\n%s printed\n%s", err, program, p.out.String())
			}
			return nil
		})
	}
	await(func(got map[string]float64) error {
		if first = got[prefix+jobs]; first == 0 {
			return fmt.Errorf("the server has %v, want the number of jobs", got)
		}
		return nil
	})
	await(func(got map[string]float64) error {
		if got[prefix+jobs] == first {
			return fmt.Errorf("the server has %v, want more jobs than %v", got, first)
		}
		return nil
	})

	interrupt(t, p)
	did, err := strconv.ParseFloat(p.said(t, `did (\d+) jobs`), 64)
	if err != nil {
		t.Fatal(err)
	}
	await(func(got map[string]float64) error {
		if got[prefix+jobs] != did || got[prefix+jobCount] != did {
			return fmt.Errorf("the server has %v, want %v jobs", got, did)
		}
		if left := got[prefix+timeLeft]; left <= 0 || left > 5*0.75 {
			return fmt.Errorf("a collector was given %v seconds, want three quarters of a push", left)
		}
		if _, ok := got[prefix+hanging]; ok {
			return fmt.Errorf("the server has %v of a collector that hangs", got)
		}
		return nil
	})
	for _, part := range []string{"pushing metrics failed", "hanging", "the last "} {
		if !strings.Contains(p.out.String(), part) {
			t.Errorf("%s does not say %q, but\n%s", program, part, p.out.String())
		}
	}
}

// interrupt sends a process an interrupt and checks that it exits properly.
func interrupt(t *testing.T, p *process) {
	t.Helper()
	p.killed.Store(true)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	select {
	case <-p.exited:
	case <-time.After(maxWait):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	if p.err != nil {
		t.Errorf("%s did not exit properly: %v\n%s", filepath.Base(p.cmd.Path), p.err, p.out.String())
	}
}

// startServer starts a server and returns when it answers at a URL. The server is killed at the end of the
// test.
func startServer(t *testing.T, url, program string, args ...string) {
	t.Helper()
	p := start(t, program, args...)
	p.killed.Store(true) // The server need not exit properly.
	t.Cleanup(func() {
		p.kill(t)
		if t.Failed() {
			t.Logf("%s printed\n%s", filepath.Base(program), p.out.String())
		}
	})
	eventually(t, func() error {
		if _, err := page(t, url); err != nil {
			return fmt.Errorf("%s does not answer: %w\n%s", filepath.Base(program), err, p.out.String())
		}
		return nil
	})
}

// page returns the body of the page at a URL.
func page(t *testing.T, url string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

var demoLine = regexp.MustCompile(`(?m)^(demo_\w+)(?:\{[^}]*\})? (\S+)$`)

// pageValues returns the values of the example program's series on a page in the text format.
func pageValues(t *testing.T, url string) (map[string]float64, error) {
	t.Helper()
	text, err := page(t, url)
	if err != nil {
		return nil, err
	}
	values := make(map[string]float64)
	for _, line := range demoLine.FindAllStringSubmatch(text, -1) {
		if values[line[1]], err = strconv.ParseFloat(line[2], 64); err != nil {
			return nil, err
		}
	}
	return values, nil
}
