package metrictest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/callname"
)

// TB is what the checks need of a test. A *testing.T has it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Option is an option of TestCollector and TestGatherer.
type Option func(*checker)

// Grace sets how long a run may still take when its context has ended, and how long
// goroutines may take to end after the runs that have started them. The default is 2
// seconds: much for a run that looks at its context, but little on a busy machine.
func Grace(d time.Duration) Option { return func(c *checker) { c.grace = d } }

// Patience sets how long a run may take whose context does not end, or that has none.
// The default is a minute.
func Patience(d time.Duration) Option { return func(c *checker) { c.patience = d } }

// MustSend has the check fail if a method of a collector sends no metric, or a gatherer
// returns no family. Without it, a collector that finds nothing passes: that can be right.
func MustSend() Option { return func(c *checker) { c.mustSend = true } }

const (
	defaultGrace    = 2 * time.Second
	defaultPatience = time.Minute
	// notable is the shortest time of which it can be told that somebody has waited
	// for it.
	notable = 100 * time.Millisecond
	// many is so many series that little more is found by trying them more often.
	many = 1000
)

// checker is one call of TestCollector or TestGatherer.
type checker struct {
	t        TB
	subject  string // What is checked, as package metric calls it.
	grace    time.Duration
	patience time.Duration
	mustSend bool
	leaks    tracker
	told     map[string]bool // What is reported no more than once.

	mu   sync.Mutex
	ends []func() // Called at the end, in order.
}

func newChecker(t TB, subject any, opts []Option) *checker {
	c := &checker{
		t: t, subject: callname.Of(subject), grace: defaultGrace, patience: defaultPatience,
		leaks: newTracker(), told: make(map[string]bool),
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

func (c *checker) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s: %s", c.subject, fmt.Sprintf(format, args...))
}

// once is errorf, unless the same was reported before.
func (c *checker) once(key, format string, args ...any) {
	c.t.Helper()
	if !c.told[key] {
		c.told[key] = true
		c.errorf(format, args...)
	}
}

// atEnd has f called when all checks are done. It is safe for concurrent use.
func (c *checker) atEnd(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, f)
}

func (c *checker) end() {
	c.t.Helper()
	for _, end := range c.ends {
		end()
	}
}

// What may help a call that does not return.
const (
	adviceContext  = "Pass the context to whatever is waited for"
	adviceAnswer   = "Its context does not end here, so that whatever it waits for has to answer in this test"
	adviceTimeout  = "It has no context: give whatever it waits for a timeout of its own, as by context.WithTimeout in place of context.Background"
	adviceDescribe = "Describe is called at registration, which has no deadline: it should not wait for anything"
	adviceAtOnce   = "Calls must not wait for each other for good"
)

// adviceFor a method that is called under a context that does not end.
func adviceFor(aware bool) string {
	if aware {
		return adviceAnswer
	}
	return adviceTimeout
}

// ended reports whether a call under a context that does not end has ended as it has to,
// and reports it if not.
func (c *checker) ended(method string, e ending, advice string) bool {
	c.t.Helper()
	return c.endedWithin(method, e, c.patience.String(), advice)
}

// endedInTime is ended for a call whose context was cancelled.
func (c *checker) endedInTime(method string, e ending) bool {
	c.t.Helper()
	return c.endedWithin(method, e, c.grace.String()+" after its context was cancelled", adviceContext)
}

func (c *checker) endedWithin(method string, e ending, within, advice string) bool {
	c.t.Helper()
	switch {
	case e.hangs:
		c.errorf("%s did not return within %s. A registry leaves such a run behind at the deadline of the scrape, and does not start "+
			"the next one before it returns: until then its metrics are missing. %s", method, within, advice)
	case e.exited:
		c.errorf("%s ended its goroutine with runtime.Goexit (as t.FailNow does). It has to return", method)
	case e.panicked != nil:
		c.errorf("%s panicked: %v. Errors are to be returned by CollectTo, or sent as an invalid metric (see metric.NewInvalidMetric)\n%s",
			method, e.panicked, e.stack)
	default:
		return true
	}
	return false
}

// rounds returns how often something may be repeated that takes that long and has that
// many series.
func rounds(took time.Duration, series int) int {
	if series > many {
		return 1
	}
	return min(5, 2+int(time.Second/max(took, time.Millisecond)))
}

// atOnce returns how many calls that have that many series are tried at the same time.
func atOnce(series int) int {
	if series > many {
		return 3
	}
	return 8
}

// leakCheck reports goroutines that stay behind each of n runs, which run has to do.
func (c *checker) leakCheck(what string, n int, run func()) {
	c.t.Helper()
	n = max(n, 2) // Of a single run, it could not be told whether a pool has grown.
	before := c.leaks.settle(c.grace)
	for range n {
		run()
	}
	// One or two may be a pool that has grown; each run must not leave one.
	stay := c.leaks.waitFor(before+n/2, c.grace)
	if stay.count > before+n/2 {
		c.errorf("after %d %s there are %d goroutines more than before, which have not ended within %v. What a run starts has to end with it. "+
			"One of them:\n%s", n, what, stay.count-before, c.grace, stay.stack)
	}
}

// interrupted returns a context that is cancelled after that time, at once if it is 0.
func interrupted(after time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	if after <= 0 {
		cancel()
		return ctx, cancel
	}
	timer := time.AfterFunc(after, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// some lists the first few of many names.
func some(names []string) string {
	const enough = 3
	if more := len(names) - enough; more > 0 {
		return strings.Join(names[:enough], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
