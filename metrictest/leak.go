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

// tracker finds the goroutines that descend from the calls that it has watched. A
// goroutine inherits the profiler labels of the one that has started it, and a profile
// shows them: so others that run in the same process, as those of parallel tests, are
// left out of account.
type tracker string

const trackerLabel = "metrictest"

var trackers atomic.Int64

func newTracker() tracker { return tracker(strconv.FormatInt(trackers.Add(1), 10)) }

// do calls f with the label.
func (t tracker) do(ctx context.Context, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels(trackerLabel, string(t)), f)
}

// alive is the goroutines that are alive, with the stack of one of them.
type alive struct {
	count int
	stack string
}

var profileRecord = regexp.MustCompile(`(?m)^(\d+) @.*\n# labels: (\{.*\})\n((?:#.*\n)*)`)

// alive counts the goroutines that descend from what was watched.
func (t tracker) alive() (a alive) {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // A buffer does not fail.
	label := strconv.Quote(trackerLabel) + ":" + strconv.Quote(string(t))
	for _, record := range profileRecord.FindAllStringSubmatch(profile.String(), -1) {
		if strings.Contains(record[2], label) {
			n, _ := strconv.Atoi(record[1]) // The expression has found digits.
			a.count += n
			a.stack = record[3]
		}
	}
	return a
}

// pollInterval is how often goroutines are counted. Nothing tells when one ends.
const pollInterval = 10 * time.Millisecond

// waitFor waits until no more than that many are alive, for at most limit.
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

// settle waits until all have ended, or no other one has for a while, for at most
// limit. It returns how many there are.
func (t tracker) settle(limit time.Duration) int {
	const quiet = 10 // Polls.
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
