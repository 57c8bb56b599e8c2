package backlog_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("BACKLOG_TEST_DIR"); dir != "" {
		appendUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// appendUntilKilled appends records and prints their numbers. It takes every second record.
func appendUntilKilled(dir string) {
	l, err := backlog.Open(backlog.Options{Dir: dir, MaxBytes: 1 << 30}, []string{"a", "b"})
	for id := 0; err == nil; id++ {
		if _, err = l.Append(record(id, 2000)); err != nil {
			break
		}
		var taken string
		if id%2 == 0 {
			if r, ok, _ := l.Take(0); ok && l.Done(0) == nil {
				taken = strconv.Itoa(idOf(r))
			}
		}
		fmt.Printf("%d %s\n", id, taken)
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestKill kills a process that appends records, and checks the directory that it leaves.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "queue")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "BACKLOG_TEST_DIR="+dir)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); errors.Is(err, syscall.ENOEXEC) {
		t.Skip("the kernel runs no programs of this architecture")
	} else if err != nil {
		t.Fatal(err)
	}
	appended, taken := -1, -1
	lines := bufio.NewScanner(output)
	for killed := false; lines.Scan(); {
		id, rest, _ := strings.Cut(lines.Text(), " ")
		if appended, err = strconv.Atoi(id); err != nil {
			t.Fatal(lines.Text())
		}
		if n, err := strconv.Atoi(rest); err == nil {
			taken = n
		}
		if appended < 500 || killed {
			continue
		}
		killed = true
		_, err := backlog.Open(backlog.Options{Dir: dir, MaxBytes: 1 << 30}, []string{"a", "b"})
		mustContain(t, err, dir, "another process is using it")
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the process was not killed")
	}

	l := open(t, dir, 1<<30, "a", "b")
	a, b := drain(t, l, 0), drain(t, l, 1)
	for _, got := range [][]int{a, b} {
		if got[len(got)-1] < appended || !slices.IsSorted(got) || got[len(got)-1]-got[0] != len(got)-1 {
			t.Errorf("got %d records from %d to %d, want up to %d at least", len(got), got[0], got[len(got)-1], appended)
		}
	}
	// The process may have been killed between Done or Append and printing the next line.
	if a[0] <= taken || a[0] > taken+2 || b[0] != 0 {
		t.Errorf("a starts at %d, b at %d; want %d and 0", a[0], b[0], taken+1)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 1000, "a")
	_, err := backlog.Open(backlog.Options{Dir: dir, MaxBytes: 1000}, []string{"a"})
	mustContain(t, err, "directory "+dir, "another process is using it")
	appendRecord(t, l, record(1, 0))
	closeLog(t, l)
	l = open(t, dir, 1000, "a")
	wantIDs(t, drain(t, l, 0), []int{1})
}
