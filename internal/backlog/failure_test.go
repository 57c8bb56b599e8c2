package backlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/luxfi/metric/internal/writereq"
)

// fullDisk is a store that accepts room bytes and then fails.
type fullDisk struct {
	room     int
	truncate bool // whether Truncate works
}

type fullFile struct {
	segmentFile
	disk *fullDisk
}

func (d *fullDisk) create(path string, flag int) (segmentFile, error) {
	file, err := createSegment(path, flag)
	return &fullFile{file, d}, err
}

func (f *fullFile) WriteAt(p []byte, off int64) (int, error) {
	if len(p) <= f.disk.room {
		f.disk.room -= len(p)
		return f.segmentFile.WriteAt(p, off)
	}
	n, err := f.segmentFile.WriteAt(p[:f.disk.room], off)
	f.disk.room = 0
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *fullFile) Truncate(size int64) error {
	if !f.disk.truncate {
		return syscall.EIO
	}
	return f.segmentFile.Truncate(size)
}

func numbered(id, bodyBytes int) *writereq.Record {
	body := make([]byte, bodyBytes)
	for i := range body {
		body[i] = byte(id)
	}
	return &writereq.Record{Counts: writereq.Counts{Samples: uint64(id)}, Body: body}
}

// TestFullDisk checks that a disk that becomes full at any byte of a record costs only that record, in a
// segment with records and in a new one.
func TestFullDisk(t *testing.T) {
	for _, truncate := range []bool{true, false} {
		for _, before := range []int{0, 2} {
			// The head has 19 bytes.
			for room := 0; room < 119; room += 1 + room/20*8 {
				name := fmt.Sprintf("truncate=%t,before=%d,room=%d", truncate, before, room)
				testFullDisk(t, name, &fullDisk{1 << 20, truncate}, before, room)
			}
		}
	}
}

func testFullDisk(t *testing.T, name string, full *fullDisk, before, room int) {
	opts := Options{Dir: filepath.Join(t.TempDir(), "queue"), MaxBytes: 1 << 20}
	l, err := Open(opts, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	l.store.(*disk).create = full.create
	want := []uint64{}
	for id := 1; id <= before; id++ {
		if _, err := l.Append(numbered(id, 100)); err != nil {
			t.Fatal(err)
		}
		want = append(want, uint64(id))
	}
	pending := l.Pending(0)

	full.room = room
	if _, err := l.Append(numbered(50, 101)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%s: got %v", name, err)
	}
	if l.Pending(0) != pending || l.Dropped(0) != (Tally{}) {
		t.Errorf("%s: pending %+v, want %+v; dropped %+v", name, l.Pending(0), pending, l.Dropped(0))
	}
	checkCopy(t, name, opts, want)
	if used := segmentBytes(t, opts.Dir); full.truncate && used != pending.Bytes {
		t.Errorf("%s: %d bytes on disk, want %d", name, used, pending.Bytes)
	}

	full.room = 1 << 20 // There is room again. This record is shorter than the one that failed.
	if _, err := l.Append(numbered(51, 10)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	want = append(want, 51)
	checkCopy(t, name, opts, want)
	if got := samples(t, l); !equal(got, want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func segmentBytes(t *testing.T, dir string) (size int64) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// checkCopy opens a copy of the directory, as after a kill of the process.
func checkCopy(t *testing.T, name string, opts Options, want []uint64) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(opts.Dir)); err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{Dir: dir, MaxBytes: opts.MaxBytes}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := samples(t, l); !equal(got, want) {
		t.Errorf("%s: a restart finds %v, want %v", name, got, want)
	}
}

func samples(t *testing.T, l *Log) []uint64 {
	t.Helper()
	got := []uint64{}
	for {
		r, ok, err := l.Take(0)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		got = append(got, r.Samples)
		if err := l.Done(0); err != nil {
			t.Fatal(err)
		}
	}
}

func equal(a, b []uint64) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestNoSegmentCanBeCreated(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir(), MaxBytes: 1 << 20}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := l.store.(*disk)
	d.create = func(path string, _ int) (segmentFile, error) {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EMFILE}
	}
	if _, err := l.Append(numbered(1, 10)); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v", err)
	}
	d.create = createSegment
	if _, err := l.Append(numbered(2, 10)); err != nil {
		t.Error(err)
	}
	if got := samples(t, l); !equal(got, []uint64{2}) {
		t.Errorf("got %v", got)
	}
}

// TestPositionCannotBeSaved checks that no record is lost if Done fails.
func TestPositionCannotBeSaved(t *testing.T) {
	opts := Options{Dir: t.TempDir(), MaxBytes: 1 << 20}
	l, err := Open(opts, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	for id := 1; id <= 2; id++ {
		if _, err := l.Append(numbered(id, 10)); err != nil {
			t.Fatal(err)
		}
	}
	l.store.(*disk).positions[0].file.Close()
	if _, _, err := l.Take(0); err != nil {
		t.Fatal(err)
	}
	if err := l.Done(0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if l.Pending(0).Samples != 2 {
		t.Errorf("pending: %+v", l.Pending(0))
	}
	_ = l.Close() // It reports that the file is already closed.
	checkCopy(t, "after a restart", opts, []uint64{1, 2})
}

// stubborn is a store that cannot remove segments.
type stubborn struct {
	store
	err error
}

func (s *stubborn) remove(segment *segment) error {
	if s.err != nil {
		return s.err
	}
	return s.store.remove(segment)
}

// TestSegmentsThatStay checks that the disk usage is bounded if segments cannot be removed.
func TestSegmentsThatStay(t *testing.T) {
	const maxBytes = 10_000
	opts := Options{Dir: t.TempDir(), MaxBytes: maxBytes}
	l, err := Open(opts, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	broken := &stubborn{l.store, errors.New("text file busy")}
	l.store = broken
	used := func() int64 { return segmentBytes(t, opts.Dir) }
	var failed error
	for id := 0; id < 200 && failed == nil; id++ {
		_, failed = l.Append(numbered(id, 300))
	}
	if failed == nil || used() > maxBytes*5/4 {
		t.Fatalf("%d bytes on disk, Append returned %v", used(), failed)
	}
	faults := l.Faults()
	if len(faults) == 0 || !errors.Is(faults[0], broken.err) {
		t.Errorf("faults: %v", faults)
	}

	broken.err = nil
	if _, err := l.Append(numbered(1000, 300)); err != nil {
		t.Error(err)
	}
	if used() > maxBytes {
		t.Errorf("%d bytes on disk", used())
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var f faults
	for range 10 * maxFaults {
		f.add(errors.New("broken"))
	}
	got := f.take()
	if len(got) != maxFaults+1 || got[maxFaults].Error() != fmt.Sprintf("backlog: %d more faults", 9*maxFaults) {
		t.Errorf("%d faults, the last is %v", len(got), got[len(got)-1])
	}
	if got := f.take(); len(got) != 0 {
		t.Errorf("%d faults are returned again", len(got))
	}
}

// pausing is a store that pauses in read and in write.
type pausing struct {
	store
	reading, writing, resume chan struct{} // nil channels do not pause
}

func (p *pausing) write(s *segment, seq uint64, r *writereq.Record) error {
	if p.writing != nil {
		p.writing <- struct{}{}
		<-p.resume
	}
	return p.store.write(s, seq, r)
}

func (p *pausing) read(s *segment, seq uint64, off, limit int64) (writereq.Record, int64, error) {
	if p.reading != nil {
		p.reading <- struct{}{}
		<-p.resume
	}
	return p.store.read(s, seq, off, limit)
}

// TestDropWhileReading drops the records that a consumer is about to take. It checks that each of them is
// counted once, and that neither Append nor the tallies wait for the disk.
func TestDropWhileReading(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir(), MaxBytes: 4000}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	slow := &pausing{store: l.store, reading: make(chan struct{}), resume: make(chan struct{})}
	l.store = slow
	var sum uint64
	add := func(id int) {
		sum += uint64(id)
		if _, err := l.Append(numbered(id, 300)); err != nil {
			t.Error(err)
		}
	}
	add(1)
	type result struct {
		record writereq.Record
		err    error
	}
	taken := make(chan result)
	go func() {
		r, _, err := l.Take(0)
		taken <- result{r, err}
	}()
	<-slow.reading
	for id := 2; id < 50; id++ {
		add(id)
	}
	slow.resume <- struct{}{}
	<-slow.reading // The consumer reads the next record.
	dropped := l.Dropped(0).Samples
	slow.resume <- struct{}{}
	got := <-taken
	if got.err != nil || got.record.Samples < 30 {
		t.Errorf("got record %d, %v", got.record.Samples, got.err)
	}
	if dropped == 0 || dropped+l.Pending(0).Samples != sum || l.Dropped(0).Samples != dropped {
		t.Errorf("dropped %d, pending %d, appended %d", dropped, l.Pending(0).Samples, sum)
	}
	if faults := l.Faults(); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestDoneWhileWriting finishes all records of a segment while another record is written to it.
func TestDoneWhileWriting(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir(), MaxBytes: 1 << 20}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Append(numbered(1, 10)); err != nil {
		t.Fatal(err)
	}
	slow := &pausing{store: l.store, writing: make(chan struct{}), resume: make(chan struct{})}
	l.store = slow
	appended := make(chan error)
	go func() {
		_, err := l.Append(numbered(2, 10))
		appended <- err
	}()
	<-slow.writing
	if got := samples(t, l); !equal(got, []uint64{1}) {
		t.Errorf("got %v", got)
	}
	slow.resume <- struct{}{}
	if err := <-appended; err != nil {
		t.Error(err)
	}
	if got := samples(t, l); !equal(got, []uint64{2}) {
		t.Errorf("got %v", got)
	}
}
