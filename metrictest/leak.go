package metrictest

import (
	"bytes"
	"context"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// tracker finds the goroutines that descend from watched calls. A goroutine inherits the profiler labels of
// the goroutine that started it, and a goroutine profile shows them. Goroutines of other code in the same
// process, such as parallel tests, are therefore not counted.
type tracker string

const trackerLabel = "metrictest"

var trackers atomic.Int64

func newTracker() tracker { return tracker(strconv.FormatInt(trackers.Add(1), 10)) }

// do calls f with the label of the tracker.
func (t tracker) do(ctx context.Context, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels(trackerLabel, string(t)), f)
}

// alive describes the goroutines that are alive, with the stack of one of them.
type alive struct {
	count int
	stack string
}

var profileRecord = regexp.MustCompile(`(?m)^(\d+) @.*\n# labels: (\{.*\})\n((?:#.*\n)*)`)

// alive counts the goroutines that descend from watched calls.
func (t tracker) alive() (a alive) {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // A buffer does not fail.
	label := strconv.Quote(trackerLabel) + ":" + strconv.Quote(string(t))
	for _, record := range profileRecord.FindAllStringSubmatch(profile.String(), -1) {
		if strings.Contains(record[2], label) {
			n, _ := strconv.Atoi(record[1]) // The regular expression matches only digits.
			a.count += n
			a.stack = record[3]
		}
	}
	return a
}

// pollInterval is the interval between counts of goroutines, because their end cannot be observed.
const pollInterval = 10 * time.Millisecond

// waitFor waits until no more than most goroutines are alive, for at most limit.
func (t tracker) waitFor(most int, limit time.Duration) alive {
	end := time.Now().Add(limit)
	for {
		a := t.alive()
		if a.count <= most || !time.Now().Before(end) {
			return a
		}
		time.Sleep(pollInterval)
	}
}

// settle waits until all goroutines have ended or none has ended for a while, for at most limit. It returns
// the number that are left.
func (t tracker) settle(limit time.Duration) int {
	const quiet = 10 // in polls
	last, same := t.alive().count, 0
	for end := time.Now().Add(limit); last > 0 && same < quiet && time.Now().Before(end); {
		time.Sleep(pollInterval)
		n := t.alive().count
		if n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
	return last
}
