package metric_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

var soakTime = flag.Duration("soak", 0, "how long TestSoak runs after it has warmed up; it is skipped if this is 0")

// long reports whether TestChaos or TestSoak has enough time for larger numbers of everything.
func long() bool { return max(*chaosTime, *soakTime) > time.Minute }

// TestSoak runs the same as TestChaos for longer: real servers; clients that are good, bad or
// impatient, or read nothing; collectors and gatherers that hang, fail, flood and obey; streams,
// caches, stale answers, breakers; collectors that come and go. At the end, it checks that there are no
// more goroutines, open files and heap than after a short run.
//
// make soak runs it for ten minutes.
func TestSoak(t *testing.T) {
	if *soakTime == 0 {
		t.Skip("it takes minutes: see make soak")
	}
	const clients = 6
	c := newChaos(t, 100)
	c.runFor(max(*soakTime/10, time.Second), clients)
	c.end()
	before := settledUsage(t.Context())

	c.hold()
	most := c.runFor(*soakTime, clients)
	c.end()
	var after usage
	// Some connections and timers may need a moment to end by themselves.
	err := eventually(t.Context(), time.Minute, func() error {
		after = currentUsage()
		return after.exceeds(before)
	})
	if err != nil {
		t.Errorf("what is left: %v", err)
		if after.goroutines > before.goroutines {
			stacks := make([]byte, 1<<20)
			t.Logf("%s", stacks[:runtime.Stack(stacks, true)])
		}
	}
	t.Logf("%s, at most %d goroutines; before: %+v, after: %+v", c.summary(), most, before, after)
	c.close()
}

// usage describes the resources that the process holds.
type usage struct {
	goroutines int
	files      int // open file descriptors; 0 on systems that do not report them
	heap       uint64
}

func currentUsage() usage {
	files, _ := os.ReadDir("/proc/self/fd")
	return usage{runtime.NumGoroutine(), len(files), heapInUse()}
}

// settledUsage returns the usage when no goroutine or file has come or gone for some time.
func settledUsage(ctx context.Context) usage {
	now := currentUsage()
	for range 60 {
		last := now
		pause(ctx, 500*time.Millisecond)
		if now = currentUsage(); now.goroutines == last.goroutines && now.files == last.files {
			break
		}
	}
	return now
}

// exceeds returns an error if the process holds more than before. The heap may differ a little,
// because the same number of collectors has other series.
func (u usage) exceeds(before usage) error {
	const slack = 8 << 20
	switch {
	case u.goroutines > before.goroutines:
		return fmt.Errorf("%d goroutines, there were %d", u.goroutines, before.goroutines)
	case u.files > before.files:
		return fmt.Errorf("%d open files, there were %d", u.files, before.files)
	case u.heap > before.heap+before.heap/4+slack:
		return fmt.Errorf("%d MB on the heap, there were %d", u.heap>>20, before.heap>>20)
	}
	return nil
}
