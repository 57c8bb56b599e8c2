package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals runs the program and checks how it reacts to SIGHUP and SIGTERM.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals for other processes")
	}
	program := filepath.Join(t.TempDir(), "aggregator")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	target := newTarget(t, "jobs 2\n")
	configuration := func(instance string) string {
		return fmt.Sprintf("listen: %s\ntargets: [{url: %s, labels: {instance: %s}}]\n", address, target, instance)
	}
	file := write(t, "aggregator.yml", configuration("one"))
	command := exec.CommandContext(t.Context(), program, "-config", file)
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "http://"+address+"/-/healthy", "healthy\n")
	waitFor(t, "http://"+address+"/metrics", `jobs{instance="one"} 2`)
	for _, step := range []struct{ config, want string }{
		{configuration("two"), `jobs{instance="two"} 2`},
		{"no: configuration", `jobs{instance="two"} 2`},
		{configuration("three"), `jobs{instance="three"} 2`},
	} {
		if err := os.WriteFile(file, []byte(step.config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := command.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "http://"+address+"/metrics", step.want)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the program has ended with %v", err)
	}
}

// waitFor waits until a page contains a text.
func waitFor(t *testing.T, url, want string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get(url); err != nil {
			got = err.Error()
		} else {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if got = string(body); strings.Contains(got, want) {
				return
			}
		}
	}
	t.Fatalf("%s never had %q, but\n%s", url, want, got)
}
