//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/push/remotewrite"
)

// The environment variables that turn the test program into the sender of testSenderKilled.
const (
	killedURL = "E2E_KILLED_URL"
	killedDir = "E2E_KILLED_DIR"
)

// killedPushes is the number of pushes before the sender is killed.
const killedPushes = 8

func killedOpts(dir string) remotewrite.Opts {
	return remotewrite.Opts{QueueDir: dir, MaxSamples: 50, KeepOnClose: true}
}

// TestRemoteWriteKilled is the sender of [testSenderKilled]. It pushes, prints the times, and waits to be killed.
func TestRemoteWriteKilled(t *testing.T) {
	url, dir := os.Getenv(killedURL), os.Getenv(killedDir)
	if url == "" {
		t.Skip("only another test runs this one")
	}
	source := newTicks(200)
	s := newSender(t, "killed", url, source, killedOpts(dir))
	for range killedPushes {
		source.observe()
		s.queue(t, s.pusher.Push)
	}
	for _, p := range s.pushes {
		fmt.Printf("pushed from %d to %d\n", p.from.UnixMilli(), p.to.UnixMilli())
	}
	fmt.Println("pushed everything")
	time.Sleep(maxWait)
}

// testSenderKilled kills a process that has pushed while the receiver was down. The next process must send
// the samples in the queue on disk.
func testSenderKilled(t *testing.T, r *receiver) {
	f := newFaults(t, r)
	f.refuse(t)
	dir := t.TempDir()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := start(t, "/usr/bin/env", killedURL+"="+f.url(), killedDir+"="+dir,
		executable, "-test.run=^TestRemoteWriteKilled$")
	process.said(t, "pushed (everything)")
	process.kill(t)

	source := newTicks(200)
	s := newSender(t, "killed", f.url(), source, killedOpts(dir))
	for line := range strings.Lines(process.out.String()) {
		var from, to int64
		if n, _ := fmt.Sscanf(line, "pushed from %d to %d", &from, &to); n == 2 {
			source.observe()
			s.pushes = append(s.pushes, push{from: time.UnixMilli(from), to: time.UnixMilli(to), held: source.held()})
		}
	}
	if n, want := s.pending(), killedPushes*len(source.held()); len(s.pushes) != killedPushes || n != want {
		t.Errorf("after %d pushes, %d samples are in the queue, want %d after %d", len(s.pushes), n, want, killedPushes)
	}
	f.accept(t)
	source.observe()
	s.push(t)
	s.compare(t, r)
}
