package backlog_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const preparedBody = 16

// prepared returns a directory with a few records in one segment that two consumers have not read.
func prepared(t *testing.T, n int) (dir, segment string, sizes []int64) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "queue")
	l := open(t, dir, 80_000, "a", "b")
	before := int64(0)
	for id := range n {
		appendRecord(t, l, record(id, preparedBody))
		sizes = append(sizes, l.Pending(0).Bytes-before)
		before = l.Pending(0).Bytes
	}
	closeLog(t, l)
	segments := filesOf(t, dir, ".seg")
	if len(segments) != 1 || before != segmentBytes(t, dir) {
		t.Fatalf("segments %v with %d bytes, want one with %d", segments, segmentBytes(t, dir), before)
	}
	return dir, segments[0], sizes
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTornTail checks a log whose last record is truncated at any byte, as after a kill during a write.
func TestTornTail(t *testing.T) {
	original, segment, sizes := prepared(t, 3)
	content := read(t, segment)
	for cut := range sizes[2] {
		dir := snapshot(t, original)
		segment := filepath.Join(dir, filepath.Base(segment))
		write(t, segment, content[:sizes[0]+sizes[1]+cut])

		l := open(t, dir, 80_000, "a", "b")
		if l.Pending(0).Records != 2 {
			t.Errorf("cut after %d bytes: pending %+v", cut, l.Pending(0))
		}
		if faults := l.Faults(); (cut == 0) != (len(faults) == 0) {
			t.Errorf("cut after %d bytes: faults %v", cut, faults)
		}
		appendRecord(t, l, record(7, 20))
		wantIDs(t, drain(t, l, 0), []int{0, 1, 7})
		closeLog(t, l)
		l = open(t, dir, 80_000, "a", "b")
		wantIDs(t, drain(t, l, 1), []int{0, 1, 7})
		noFaults(t, l)
		closeLog(t, l)
	}
}

// TestFlippedBits checks a log in which one byte of a segment has changed, before the log is opened or
// while it is open.
func TestFlippedBits(t *testing.T) {
	const n = 4
	original, segment, sizes := prepared(t, n)
	content := read(t, segment)
	var id int
	var end int64
	for off := range content {
		if int64(off) >= end+sizes[id] {
			end += sizes[id]
			id++
		}
		inBody := int64(off) >= end+sizes[id]-preparedBody
		flipped := slices.Clone(content)
		flipped[off] ^= 1 << (off % 8)

		var all, wantIntact []int
		for i := range n {
			all = append(all, i)
			if i < id || inBody && i > id {
				wantIntact = append(wantIntact, i)
			}
		}

		dir := snapshot(t, original)
		segment := filepath.Join(dir, filepath.Base(segment))
		write(t, segment, flipped)
		l := open(t, dir, 80_000, "a", "b")
		wantIDs(t, drain(t, l, 0), wantIntact)
		faults := l.Faults()
		if len(faults) != 1 {
			t.Fatalf("byte %d: faults %v", off, faults)
		}
		mustContain(t, faults[0], filepath.Base(segment), "damaged")
		if inBody && l.Dropped(0).Counts != record(id, preparedBody).Counts {
			t.Errorf("byte %d: dropped %+v", off, l.Dropped(0))
		}
		appendRecord(t, l, record(8, 20))
		wantIDs(t, drain(t, l, 0), []int{8})
		closeLog(t, l)

		dir = snapshot(t, original)
		segment = filepath.Join(dir, filepath.Base(segment))
		l = open(t, dir, 80_000, "a", "b")
		write(t, segment, flipped)
		wantIDs(t, drain(t, l, 0), wantIntact)
		if faults := l.Faults(); len(faults) != 1 {
			t.Errorf("byte %d: faults %v", off, faults)
		}
		for _, id := range wantIntact {
			all = slices.DeleteFunc(all, func(i int) bool { return i == id })
		}
		var lost = l.Dropped(0)
		for _, id := range all {
			lost.Sub(record(id, preparedBody).Counts)
			lost.Records--
		}
		if lost.Samples != 0 || lost.Exemplars != 0 || lost.Records != 0 || l.Pending(0).Records != 0 {
			t.Errorf("byte %d: dropped %+v, want the records %v", off, l.Dropped(0), all)
		}
		appendRecord(t, l, record(8, 20))
		wantIDs(t, drain(t, l, 0), []int{8})
		wantIDs(t, drain(t, l, 1), append(wantIntact, 8))
		closeLog(t, l)
	}
}

// TestDamagedMiddle checks a directory with a damaged segment between two good ones.
func TestDamagedMiddle(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, path string)
	}{
		{"head", func(t *testing.T, path string) {
			data := read(t, path)
			data[0] ^= 1
			write(t, path, data)
		}},
		{"empty", func(t *testing.T, path string) { write(t, path, nil) }},
		{"zeros", func(t *testing.T, path string) { write(t, path, make([]byte, 5000)) }},
		{"gone", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"another's content", func(t *testing.T, path string) {
			write(t, path, read(t, filesOf(t, filepath.Dir(path), ".seg")[0]))
		}},
	} {
		for _, when := range []string{"closed", "open"} {
			t.Run(test.name+" "+when, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "queue")
				l := open(t, dir, 8000, "a", "b") // Segments have up to 1000 bytes: three records.
				fill(t, l, 0, 8, 300)
				if when == "closed" {
					closeLog(t, l)
				}
				segments := filesOf(t, dir, ".seg")
				if len(segments) != 3 {
					t.Fatal(segments)
				}
				test.damage(t, segments[1])
				if when == "closed" {
					l = open(t, dir, 8000, "a", "b")
				}
				wantIDs(t, drain(t, l, 0), []int{0, 1, 2, 6, 7, 8})
				if when == "open" && l.Dropped(0).Counts != counts(record(3, 0), record(4, 0), record(5, 0)) {
					t.Errorf("dropped %+v", l.Dropped(0))
				}
				if faults := l.Faults(); test.name == "gone" && when == "open" && !errors.Is(faults[0], fs.ErrNotExist) {
					t.Errorf("faults: %v", faults)
				}
				if p := l.End(); !l.Reached(0, p) || l.Reached(1, p) {
					t.Error("the end is reached by the wrong consumer")
				}
				fill(t, l, 9, 9, 300)
				wantIDs(t, drain(t, l, 1), []int{0, 1, 2, 6, 7, 8, 9})
				wantIDs(t, drain(t, l, 0), []int{9})
			})
		}
	}
}

// TestLostTail checks that a consumer does not skip new records after the log has lost records that the
// consumer had finished with.
func TestLostTail(t *testing.T) {
	dir, segment, sizes := prepared(t, 4)
	l := open(t, dir, 80_000, "a", "b")
	drain(t, l, 0)
	closeLog(t, l)
	write(t, segment, read(t, segment)[:sizes[0]+sizes[1]])

	l = open(t, dir, 80_000, "a", "b")
	fill(t, l, 4, 6, 60)
	if faults := l.Faults(); len(faults) != 0 {
		t.Errorf("faults: %v", faults) // The file ends between two records, which looks the same as fewer records.
	}
	closeLog(t, l)
	l = open(t, dir, 80_000, "a", "b")
	wantIDs(t, drain(t, l, 0), []int{4, 5, 6})
	wantIDs(t, drain(t, l, 1), []int{0, 1, 4, 5, 6})
	for i := range 2 {
		if !l.Reached(i, l.End()) {
			t.Errorf("consumer %d has not reached the end", i)
		}
	}
	noFaults(t, l)
}

// TestOverlap checks that Open skips a segment whose records are also in the segment before it.
func TestOverlap(t *testing.T) {
	dir, segment, _ := prepared(t, 4)
	write(t, filepath.Join(dir, "0000000000000002.seg"), read(t, segment))
	l := open(t, dir, 80_000, "a", "b")
	if faults := l.Faults(); len(faults) != 1 {
		t.Errorf("faults: %v", faults)
	}
	wantIDs(t, drain(t, l, 0), []int{0, 1, 2, 3})
	fill(t, l, 4, 4, 60)
	wantIDs(t, drain(t, l, 0), []int{4})
}

func TestDamagedPosition(t *testing.T) {
	original, _, _ := prepared(t, 4)
	for _, test := range []struct {
		name   string
		damage func(data []byte) []byte
		want   []int
		faults int
	}{
		{"first slot", func(data []byte) []byte { data[0] ^= 1; return data }, []int{2, 3}, 0},
		{"second slot", func(data []byte) []byte { data[16] ^= 1; return data }, []int{1, 2, 3}, 0},
		{"both slots", func(data []byte) []byte { data[0] ^= 1; data[16] ^= 1; return data }, []int{0, 1, 2, 3}, 1},
		{"half a slot", func(data []byte) []byte { return data[:10] }, []int{0, 1, 2, 3}, 1},
		{"empty", func([]byte) []byte { return nil }, []int{0, 1, 2, 3}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := snapshot(t, original)
			l := open(t, dir, 80_000, "a", "b")
			for range 2 {
				take(t, l, 0)
				done(t, l, 0)
			}
			closeLog(t, l)
			for _, path := range filesOf(t, dir, ".pos") {
				if data := read(t, path); data[32] == 'a' {
					write(t, path, test.damage(data))
				}
			}
			l = open(t, dir, 80_000, "a", "b")
			if faults := l.Faults(); len(faults) != test.faults {
				t.Errorf("faults: %v", faults)
			}
			take(t, l, 0)
			done(t, l, 0)
			closeLog(t, l)
			l = open(t, dir, 80_000, "a", "b")
			noFaults(t, l)
			wantIDs(t, drain(t, l, 0), test.want[1:])
			wantIDs(t, drain(t, l, 1), []int{0, 1, 2, 3})
		})
	}

	t.Run("no position at all", func(t *testing.T) {
		dir := snapshot(t, original)
		for _, path := range filesOf(t, dir, ".pos") {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		l := open(t, dir, 80_000, "c")
		wantIDs(t, drain(t, l, 0), []int{0, 1, 2, 3})
	})
}
