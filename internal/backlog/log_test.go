package backlog_test

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/writereq"
)

func TestOpenErrors(t *testing.T) {
	for _, test := range []struct {
		name      string
		opts      backlog.Options
		consumers []string
		want      string
	}{
		{"no limit", backlog.Options{}, []string{"a"}, "must be positive"},
		{"negative limit", backlog.Options{MaxBytes: -1}, []string{"a"}, "-1 bytes"},
		{"no consumer", backlog.Options{MaxBytes: 1}, nil, "at least one consumer"},
		{"twins", backlog.Options{MaxBytes: 1}, []string{"a", "b", "a"}, `two consumers have the name "a"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := backlog.Open(test.opts, test.consumers)
			mustContain(t, err, test.want)
		})
	}
}

func TestEachConsumerReadsAll(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a", "b")
		for id := range 5 {
			appendRecord(t, l, record(id, 100))
		}
		if got := drain(t, l, 1); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("b has read %v", got)
		}
		appendRecord(t, l, record(5, 0))
		if got := drain(t, l, 0); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("a has read %v", got)
		}
		if got := drain(t, l, 1); !slices.Equal(got, []int{5}) {
			t.Errorf("b has read %v", got)
		}
		noFaults(t, l)
	})
}

func TestAppendCopies(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a")
		r := record(1, 50)
		appendRecord(t, l, r)
		clear(r.Body)
		if got := drain(t, l, 0); !slices.Equal(got, []int{1}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestEmptyBody(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a")
		appendRecord(t, l, &writereq.Record{})
		if r, ok := take(t, l, 0); !ok || len(r.Body) != 0 {
			t.Errorf("got %v, %t", r, ok)
		}
	})
}

// TestInFlight checks that Take returns the same record until Done is called, and that a second Done changes
// nothing.
func TestInFlight(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a")
		if _, ok := take(t, l, 0); ok {
			t.Error("an empty log has a record")
		}
		done(t, l, 0) // No record is in flight.
		appendRecord(t, l, record(1, 0))
		appendRecord(t, l, record(2, 0))
		for range 2 {
			if r, ok := take(t, l, 0); !ok || idOf(r) != 1 {
				t.Errorf("got %v, %t", r, ok)
			}
			if got := l.Pending(0); got.Counts != counts(record(1, 0), record(2, 0)) || got.Records != 2 {
				t.Errorf("pending: %+v", got)
			}
		}
		done(t, l, 0)
		done(t, l, 0)
		if got := l.Pending(0); got.Counts != record(2, 0).Counts || got.Records != 1 {
			t.Errorf("pending: %+v", got)
		}
	})
}

// TestFull checks a full log with a slow consumer and a consumer that hangs with a record in flight.
func TestFull(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		const maxBytes, n = 8 << 10, 200
		l := open(t, dir, maxBytes, "slow", "hung", "fast")
		appendRecord(t, l, record(0, 500))
		first, _ := take(t, l, 1)
		for id := 1; id < n; id++ {
			appendRecord(t, l, record(id, 500))
			if got := drain(t, l, 2); got[len(got)-1] != id {
				t.Fatalf("the fast consumer has read %v, want %d", got, id)
			}
			if dir != "" && segmentBytes(t, dir) > maxBytes {
				t.Fatalf("%d bytes on disk", segmentBytes(t, dir))
			}
		}
		if got := l.Dropped(2); got != (backlog.Tally{}) {
			t.Errorf("dropped for the fast consumer: %+v", got)
		}
		if r, _ := take(t, l, 1); !reflect.DeepEqual(r, first) || !reflect.DeepEqual(r, *record(0, 500)) {
			t.Errorf("the record in flight has changed: %v", r)
		}
		done(t, l, 1)
		for consumer, read := range []int{0, 1} {
			kept := drain(t, l, consumer)
			if len(kept) < 10 || kept[len(kept)-1] != n-1 || kept[len(kept)-1]-kept[0] != len(kept)-1 {
				t.Errorf("consumer %d has read %v, want the newest records that fit", consumer, kept)
			}
			var want backlog.Tally
			for id := read; id < kept[0]; id++ {
				want.Add(record(id, 500).Counts)
				want.Records++
			}
			got := l.Dropped(consumer)
			if got.Counts != want.Counts || got.Records != want.Records || got.Bytes < int64(500*want.Records) {
				t.Errorf("dropped for consumer %d: %+v, want %+v", consumer, got, want)
			}
			if got := l.Pending(consumer); got != (backlog.Tally{}) {
				t.Errorf("pending for consumer %d: %+v", consumer, got)
			}
		}
		noFaults(t, l)
	})
}

func TestTooLarge(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1000, "a")
		appendRecord(t, l, record(1, 100))
		_, err := l.Append(record(2, 1000))
		if !errors.Is(err, backlog.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
		mustContain(t, err, "the limit of the log is 1000")
		if l.Dropped(0).Records != 0 {
			t.Error("a record that does not fit has displaced another")
		}
		appendRecord(t, l, record(3, 700))
		if got := drain(t, l, 0); got[len(got)-1] != 3 {
			t.Errorf("got %v", got)
		}
	})
}

// TestAvailable checks when the channels of Available are closed: each consumer has its own channel.
func TestAvailable(t *testing.T) {
	isClosed := func(ch <-chan struct{}) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a", "b")
		before := l.Available(0)
		if isClosed(before) {
			t.Error("a record is available in an empty log")
		}
		appendRecord(t, l, record(1, 0))
		if !isClosed(before) || !isClosed(l.Available(0)) || !isClosed(l.Available(1)) {
			t.Error("Append wakes not all consumers")
		}
		drain(t, l, 0)
		before = l.Available(0)
		if isClosed(before) || !isClosed(l.Available(1)) {
			t.Error("consumers are not woken each for itself")
		}
		closeLog(t, l)
		if !isClosed(before) || !isClosed(l.Available(0)) {
			t.Error("Close does not wake consumers")
		}
	})
}

// TestReached checks that a consumer has reached a position when all records before it are done or dropped.
func TestReached(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		const maxBytes = 4000
		l := open(t, dir, maxBytes, "a")
		if !l.Reached(0, l.End()) {
			t.Error("the end of an empty log is not reached")
		}
		first := appendRecord(t, l, record(1, 400))
		second := appendRecord(t, l, record(2, 400))
		if second != l.End() {
			t.Errorf("Append returned %d, End %d", second, l.End())
		}
		take(t, l, 0)
		if l.Reached(0, first) {
			t.Error("a position behind a record in flight is reached")
		}
		done(t, l, 0)
		if !l.Reached(0, first) || l.Reached(0, second) {
			t.Error("Done must reach the end of the record that it is for, and no more")
		}
		for id := range 20 { // This drops the second record.
			appendRecord(t, l, record(id, 400))
		}
		if !l.Reached(0, second) || l.Reached(0, l.End()) {
			t.Error("drops must reach the end of what is dropped, and no more")
		}
	})
}

func TestWait(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a")
		appendRecord(t, l, record(1, 0))
		p := appendRecord(t, l, record(2, 0))
		waited := make(chan error)
		go func() { waited <- l.Wait(t.Context(), 0, p) }()
		drain(t, l, 0)
		if err := <-waited; err != nil {
			t.Error(err)
		}

		p = appendRecord(t, l, record(3, 0))
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if err := l.Wait(ctx, 0, p); !errors.Is(err, cause) {
			t.Errorf("got %v, want the cause", err)
		}

		go func() { waited <- l.Wait(t.Context(), 0, p) }()
		closeLog(t, l)
		if err := <-waited; !errors.Is(err, backlog.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func TestClosed(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		l := open(t, dir, 1<<20, "a")
		appendRecord(t, l, record(1, 0))
		appendRecord(t, l, record(2, 0))
		take(t, l, 0)
		closeLog(t, l)
		closeLog(t, l)
		if _, err := l.Append(record(3, 0)); !errors.Is(err, backlog.ErrClosed) {
			t.Errorf("Append: %v", err)
		}
		if _, _, err := l.Take(0); !errors.Is(err, backlog.ErrClosed) {
			t.Errorf("Take: %v", err)
		}
		if err := l.Done(0); !errors.Is(err, backlog.ErrClosed) {
			t.Errorf("Done: %v", err)
		}
		if got := l.Pending(0); got.Counts != record(2, 0).Counts {
			t.Errorf("pending: %+v", got)
		}
	})
}

// TestMemoryOfAppend checks that a record is copied once, whatever the number of consumers.
func TestMemoryOfAppend(t *testing.T) {
	const bodyBytes, n = 1 << 20, 20
	for _, test := range []struct {
		name string
		dir  string
		want uint64 // per record
	}{
		{"memory", "", bodyBytes + 16<<10},
		{"disk", t.TempDir(), 16 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := open(t, test.dir, 4*bodyBytes, "a", "b", "c")
			r := record(1, bodyBytes)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range n {
				appendRecord(t, l, r)
			}
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / n; got > test.want {
				t.Errorf("Append allocates %d bytes, want at most %d", got, test.want)
			}
		})
	}
}

// BenchmarkLog measures appending a record that one consumer takes.
func BenchmarkLog(b *testing.B) {
	for _, mode := range []struct{ name, dir string }{{"memory", ""}, {"disk", b.TempDir()}} {
		b.Run(mode.name, func(b *testing.B) {
			l := open(b, mode.dir, 64<<20, "a")
			r := record(1, 100<<10)
			b.SetBytes(int64(len(r.Body)))
			b.ReportAllocs()
			for b.Loop() {
				appendRecord(b, l, r)
				take(b, l, 0)
				done(b, l, 0)
			}
			closeLog(b, l)
		})
	}
}
