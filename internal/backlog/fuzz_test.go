package backlog_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
)

// FuzzSegment opens directories that contain any segment and any position. If repair is true, it
// repairs the checksums of heads, because mutations seldom get past them.
func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	l := open(f, dir, 1<<20, "a")
	for id := range 3 {
		appendRecord(f, l, record(id, 20))
	}
	take(f, l, 0)
	done(f, l, 0)
	segment, err := os.ReadFile(filesOf(f, dir, ".seg")[0])
	if err != nil {
		f.Fatal(err)
	}
	position, err := os.ReadFile(filesOf(f, dir, ".pos")[0])
	if err != nil {
		f.Fatal(err)
	}
	positionName := filepath.Base(filesOf(f, dir, ".pos")[0])
	f.Add(segment, position, false)
	f.Add(segment, position, true)
	f.Add(segment[:len(segment)-1], position[:16], true)
	f.Add([]byte{}, []byte{}, false)
	f.Add(make([]byte, 100), make([]byte, 32), true)

	f.Fuzz(func(t *testing.T, segment, position []byte, repair bool) {
		if repair {
			segment = backlog.RepairHeads(segment)
		}
		dir := t.TempDir()
		for name, data := range map[string][]byte{"0000000000000000.seg": segment, positionName: position} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		l, err := backlog.Open(backlog.Options{Dir: dir, MaxBytes: 1 << 20}, []string{"a", "new"})
		if err != nil {
			t.Fatal(err)
		}
		pending := l.Pending(0)
		if pending.Bytes > int64(len(segment)) {
			t.Errorf("%d bytes are pending of a segment of %d", pending.Bytes, len(segment))
		}
		atOpen := l.Dropped(0)
		var sum backlog.Tally
		for {
			r, ok := take(t, l, 0)
			if !ok {
				break
			}
			sum.Add(r.Counts)
			sum.Records++
			done(t, l, 0)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20+100*uint64(len(segment)+len(position)) {
			t.Errorf("%d bytes allocated for a segment of %d", got, len(segment))
		}
		sum.Add(l.Dropped(0).Counts)
		sum.Sub(atOpen.Counts)
		sum.Records += l.Dropped(0).Records - atOpen.Records
		if sum.Counts != pending.Counts || sum.Records != pending.Records {
			t.Errorf("done and dropped are %+v, pending was %+v", sum, pending)
		}
		p := appendRecord(t, l, record(1, 20))
		for i := range 2 {
			wantIDs(t, drain(t, l, i), []int{1})
			if !l.Reached(i, p) {
				t.Errorf("consumer %d has not reached the end", i)
			}
		}
		closeLog(t, l)
	})
}
