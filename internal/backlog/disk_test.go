package backlog_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
)

// fill appends the records from first to last and returns their numbers.
func fill(t testing.TB, l *backlog.Log, first, last, bodyBytes int) []int {
	t.Helper()
	var ids []int
	for id := first; id <= last; id++ {
		appendRecord(t, l, record(id, bodyBytes))
		ids = append(ids, id)
	}
	return ids
}

func wantIDs(t testing.TB, got, want []int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got the records %v, want %v", got, want)
	}
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	l := open(t, dir, 8000, "a", "b")
	fill(t, l, 0, 9, 300)
	take(t, l, 0)
	done(t, l, 0)
	take(t, l, 0) // The record stays in flight.
	closeLog(t, l)
	fromA, fromB := l.Pending(0), l.Pending(1)

	// The order of the consumers does not matter.
	l = open(t, dir, 8000, "b", "a")
	if l.Pending(1) != fromA || l.Pending(0) != fromB {
		t.Errorf("pending: %+v, %+v; want %+v, %+v", l.Pending(1), l.Pending(0), fromA, fromB)
	}
	wantIDs(t, drain(t, l, 1), []int{1, 2, 3, 4, 5, 6, 7, 8, 9})
	wantIDs(t, drain(t, l, 0), []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	noFaults(t, l)
	closeLog(t, l)

	l = open(t, dir, 8000, "a", "b")
	fill(t, l, 10, 12, 300)
	wantIDs(t, drain(t, l, 0), []int{10, 11, 12})
	noFaults(t, l)
}

// TestSpaceIsFreed checks that only the last segment remains when all records are done.
func TestSpaceIsFreed(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 80_000, "a", "b")
	fill(t, l, 0, 99, 600)
	drain(t, l, 0)
	if n := len(filesOf(t, dir, ".seg")); n < 5 {
		t.Errorf("%d segments, want one for each eighth of the limit", n)
	}
	drain(t, l, 1)
	if n := len(filesOf(t, dir, ".seg")); n > 1 {
		t.Errorf("%d segments after all is done", n)
	}
	closeLog(t, l)

	for n := range 5 { // Restarts do not leave files behind.
		l = open(t, dir, 80_000, "a", "b")
		fill(t, l, n, n, 10)
		drain(t, l, 0)
		drain(t, l, 1)
		closeLog(t, l)
	}
	if n := len(filesOf(t, dir, ".seg")); n > 1 {
		t.Errorf("%d segments after restarts", n)
	}
}

// TestSmallerLimit opens a directory with a smaller limit than before, so that old segments are dropped.
func TestSmallerLimit(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 80_000, "a")
	fill(t, l, 0, 99, 600)
	closeLog(t, l)
	before := l.Pending(0)

	l = open(t, dir, 20_000, "a")
	if got := segmentBytes(t, dir); got > 20_000 {
		t.Errorf("%d bytes", got)
	}
	sum := l.Dropped(0)
	sum.Add(l.Pending(0).Counts)
	if sum.Counts != before.Counts {
		t.Errorf("dropped %+v and pending %+v, together want %+v", l.Dropped(0), l.Pending(0), before)
	}
	if got := drain(t, l, 0); len(got) == 0 || got[len(got)-1] != 99 {
		t.Errorf("got %v", got)
	}
	closeLog(t, l)

	// Not even the last segment fits.
	l = open(t, dir, 80_000, "a")
	fill(t, l, 0, 9, 600)
	closeLog(t, l)
	l = open(t, dir, 100, "a")
	if l.Dropped(0).Records != 10 || l.Pending(0).Records != 0 || segmentBytes(t, dir) != 0 {
		t.Errorf("dropped %+v, pending %+v, %d bytes", l.Dropped(0), l.Pending(0), segmentBytes(t, dir))
	}
	appendRecord(t, l, record(1, 10))
	wantIDs(t, drain(t, l, 0), []int{1})
}

// TestConsumersComeAndGo opens a directory with other consumers than before. The records of a consumer that
// is gone are dropped, and a new consumer starts at the end.
func TestConsumersComeAndGo(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, 20_000, "old", "stays")
	fill(t, l, 0, 4, 300)
	wantIDs(t, drain(t, l, 1), []int{0, 1, 2, 3, 4})
	closeLog(t, l)

	l = open(t, dir, 20_000, "stays", "new")
	faults := l.Faults()
	if len(faults) != 1 {
		t.Fatalf("faults: %v", faults)
	}
	lost := counts(record(0, 0), record(1, 0), record(2, 0), record(3, 0), record(4, 0))
	mustContain(t, faults[0], dir, `"old"`, "dropped "+strconv.FormatUint(lost.Samples, 10)+" samples")
	if len(filesOf(t, dir, ".pos")) != 2 {
		t.Errorf("position files: %v", filesOf(t, dir, ".pos"))
	}
	if l.Pending(1).Records != 0 {
		t.Error("a new consumer must start at the end")
	}
	fill(t, l, 5, 6, 300)
	wantIDs(t, drain(t, l, 1), []int{5, 6})
	closeLog(t, l)

	l = open(t, dir, 20_000, "old", "stays")
	if l.Pending(0).Records != 0 {
		t.Error("a consumer that was gone must start at the end")
	}
	wantIDs(t, drain(t, l, 1), []int{5, 6})
	noFaults(t, l)
}

func TestNamesOfConsumers(t *testing.T) {
	dir := t.TempDir()
	names := []string{"", "a", "A", "../../x", "http://host:1/write?a=b", string(make([]byte, 100_000))}
	l := open(t, dir, 20_000, names...)
	appendRecord(t, l, record(1, 10))
	for i := range names {
		drain(t, l, i)
		appendRecord(t, l, record(2+i, 10))
	}
	closeLog(t, l)
	l = open(t, dir, 20_000, names...)
	for i := range names {
		if got := drain(t, l, i); got[0] != 2+i {
			t.Errorf("consumer %d got %v", i, got)
		}
	}
	noFaults(t, l)
	closeLog(t, l)
	open(t, dir, 20_000, "other")
	if files := filesOf(t, dir, ".pos"); len(files) != 1 {
		t.Errorf("position files: %v", files)
	}
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	dir := filepath.Join(t.TempDir(), "queue")
	l := open(t, dir, 20_000, "a")
	fill(t, l, 0, 20, 300)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	for _, path := range filesOf(t, dir, "") {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	others := []string{"README", "1.seg", "zzzzzzzzzzzzzzzz.seg", "ffffffffffffffff.seg", "000000000000000A.seg", "x.tmp"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "0000000000000007.seg"), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir, 1<<20, "a")
	appendRecord(t, l, record(1, 0))
	closeLog(t, l)
	noFaults(t, l)
	for _, name := range others {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestDirectoryErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := backlog.Open(backlog.Options{Dir: file, MaxBytes: 1000}, []string{"a"})
	mustContain(t, err, "backlog: directory "+file)

	if os.Getuid() <= 0 {
		t.Skip("root can read everything")
	}
	queue := filepath.Join(dir, "queue")
	l := open(t, queue, 1000, "a")
	appendRecord(t, l, record(1, 0))
	closeLog(t, l)
	if err := os.Chmod(filesOf(t, queue, ".seg")[0], 0); err != nil {
		t.Fatal(err)
	}
	_, err = backlog.Open(backlog.Options{Dir: queue, MaxBytes: 1000}, []string{"a"})
	mustContain(t, err, queue, ".seg", "permission denied")
}

// TestMemoryOfDisk checks that a long backlog on disk takes no memory.
func TestMemoryOfDisk(t *testing.T) {
	const bodyBytes, n = 64 << 10, 600
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	l := open(t, t.TempDir(), 100<<20, "a", "b")
	before := heap()
	fill(t, l, 0, n-1, bodyBytes)
	take(t, l, 0)
	if got := int64(heap()) - int64(before); got > bodyBytes*n/10 {
		t.Errorf("%d bytes for a backlog of %d", got, l.Pending(1).Bytes)
	}
	runtime.KeepAlive(l)
}
