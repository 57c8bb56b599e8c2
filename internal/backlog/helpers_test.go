package backlog_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/writereq"
)

// record returns a record. Records with different IDs differ in their counts, times and bodies.
func record(id, bodyBytes int) *writereq.Record {
	body := bytes.Repeat([]byte{byte(id)}, max(bodyBytes, 8))
	binary.LittleEndian.PutUint64(body, uint64(id))
	return &writereq.Record{
		Counts: writereq.Counts{
			Samples:    1 + uint64(id)*7,
			Histograms: uint64(id % 3),
			Exemplars:  uint64(id) * 1000,
			Metadata:   uint64(id % 200),
		},
		NewestMs: int64(id) - 5,
		Body:     body,
	}
}

func idOf(r writereq.Record) int { return int(binary.LittleEndian.Uint64(r.Body)) }

func counts(records ...*writereq.Record) writereq.Counts {
	var sum writereq.Counts
	for _, r := range records {
		sum.Add(r.Counts)
	}
	return sum
}

func open(t testing.TB, dir string, maxBytes int64, consumers ...string) *backlog.Log {
	t.Helper()
	l, err := backlog.Open(backlog.Options{Dir: dir, MaxBytes: maxBytes}, consumers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func closeLog(t testing.TB, l *backlog.Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func appendRecord(t testing.TB, l *backlog.Log, r *writereq.Record) backlog.Position {
	t.Helper()
	p, err := l.Append(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func take(t testing.TB, l *backlog.Log, consumer int) (writereq.Record, bool) {
	t.Helper()
	r, ok, err := l.Take(consumer)
	if err != nil {
		t.Fatal(err)
	}
	return r, ok
}

func done(t testing.TB, l *backlog.Log, consumer int) {
	t.Helper()
	if err := l.Done(consumer); err != nil {
		t.Fatal(err)
	}
}

// drain takes all records and returns their numbers.
func drain(t testing.TB, l *backlog.Log, consumer int) []int {
	t.Helper()
	var ids []int
	for {
		r, ok := take(t, l, consumer)
		if !ok {
			return ids
		}
		ids = append(ids, idOf(r))
		if want := record(idOf(r), len(r.Body)); !reflect.DeepEqual(r, *want) {
			t.Fatalf("got a record that was never appended: %+v, want %+v", r.Counts, want.Counts)
		}
		done(t, l, consumer)
	}
}

func noFaults(t testing.TB, l *backlog.Log) {
	t.Helper()
	for _, err := range l.Faults() {
		t.Error(err)
	}
}

// modes calls test for a log in memory and one on disk.
func modes(t *testing.T, test func(t *testing.T, dir string)) {
	t.Run("memory", func(t *testing.T) { test(t, "") })
	t.Run("disk", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "queue")) })
}

// filesOf returns the sorted paths of the files with the suffix.
func filesOf(t testing.TB, dir, suffix string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func segmentBytes(t testing.TB, dir string) (size int64) {
	t.Helper()
	for _, path := range filesOf(t, dir, ".seg") {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// snapshot returns a copy of the directory, as a process that is killed now would leave it.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

func mustContain(t testing.TB, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
}
