package metrictest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/callname"
)

// TB has the methods of a test that the checks need. A [*testing.T] has them.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Option is an option of [TestCollector] and [TestGatherer].
type Option func(*checker)

// Grace sets how long a run may take after its context has ended, and how long goroutines may take to end
// after the runs that have started them. The default is 2 seconds. That is long for a run that checks its
// context, but may be too short on a busy machine.
func Grace(d time.Duration) Option { return func(c *checker) { c.grace = d } }

// Patience sets how long a run without a context, or with one that does not end, may take. The default is
// one minute.
func Patience(d time.Duration) Option { return func(c *checker) { c.patience = d } }

// MustSend makes the check fail if a method of a collector sends no metric, or a gatherer returns no
// family. Without it, a collector that sends nothing passes, because that can be correct.
func MustSend() Option { return func(c *checker) { c.mustSend = true } }

const (
	defaultGrace    = 2 * time.Second
	defaultPatience = time.Minute
	// notable is the shortest time that distinguishes a call that has waited from one that has not.
	notable = 100 * time.Millisecond
	// many is the number of series above which more repetitions find little more.
	many = 1000
)

// checker is one call of [TestCollector] or [TestGatherer].
type checker struct {
	t        TB
	subject  string // what is checked, in package metric's terms
	grace    time.Duration
	patience time.Duration
	mustSend bool
	leaks    tracker
	told     map[string]bool // reports that must not be repeated

	mu   sync.Mutex
	ends []func() // called at the end, in order
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

// once is like errorf, but reports each key only once.
func (c *checker) once(key, format string, args ...any) {
	c.t.Helper()
	if !c.told[key] {
		c.told[key] = true
		c.errorf(format, args...)
	}
}

// atEnd registers f to be called when all checks are done. It is safe for concurrent use.
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

// Advice for a call that does not return.
const (
	adviceContext  = "Pass the context to the calls that it waits for"
	adviceAnswer   = "The context does not end here, so the backend must answer in this test"
	adviceTimeout  = "It has no context, so the calls that it waits for need their own timeout: use context.WithTimeout instead of context.Background"
	adviceDescribe = "Describe is called at registration, which has no deadline, so it should not wait for anything"
	adviceAtOnce   = "Concurrent calls must not block each other forever"
)

// adviceFor returns the advice for a method that is called under a context that does not end.
func adviceFor(aware bool) string {
	if aware {
		return adviceAnswer
	}
	return adviceTimeout
}

// ended reports whether a call under a context that does not end has ended correctly. If not, it reports an
// error to the test.
func (c *checker) ended(method string, e ending, advice string) bool {
	c.t.Helper()
	return c.endedWithin(method, e, c.patience.String(), advice)
}

// endedInTime is like ended, for a call whose context was canceled.
func (c *checker) endedInTime(method string, e ending) bool {
	c.t.Helper()
	return c.endedWithin(method, e, c.grace.String()+" after its context was canceled", adviceContext)
}

func (c *checker) endedWithin(method string, e ending, within, advice string) bool {
	c.t.Helper()
	switch {
	case e.hangs:
		c.errorf("%s did not return within %s. A registry abandons such a run at the deadline of the scrape, and starts the next run "+
			"only after it has returned; until then, its metrics are missing. %s", method, within, advice)
	case e.exited:
		c.errorf("%s ended its goroutine with runtime.Goexit (as t.FailNow does). It must return", method)
	case e.panicked != nil:
		c.errorf("%s panicked: %v. Return errors from CollectTo, or send them as an invalid metric (see metric.NewInvalidMetric)\n%s",
			method, e.panicked, e.stack)
	default:
		return true
	}
	return false
}

// rounds returns how often a call that takes the given time and has the given number of series may be
// repeated.
func rounds(took time.Duration, series int) int {
	if series > many {
		return 1
	}
	return min(5, 2+int(time.Second/max(took, time.Millisecond)))
}

// atOnce returns how many calls with the given number of series may run concurrently.
func atOnce(series int) int {
	if series > many {
		return 3
	}
	return 8
}

// leakCheck reports goroutines that stay behind each of n runs. It calls run to perform them.
func (c *checker) leakCheck(what string, n int, run func()) {
	c.t.Helper()
	n = max(n, 2) // A single run cannot show whether a pool has grown.
	before := c.leaks.settle(c.grace)
	for range n {
		run()
	}
	// One or two may be a pool that has grown, but each run must not leave one.
	stay := c.leaks.waitFor(before+n/2, c.grace)
	if stay.count > before+n/2 {
		c.errorf("after %d %s, there are %d more goroutines than before, which have not ended within %v. Goroutines that a run starts must end with it. "+
			"One of them:\n%s", n, what, stay.count-before, c.grace, stay.stack)
	}
}

// interrupted returns a context that is canceled after the given time, or immediately if the time is 0.
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

// some returns the first few of many names.
func some(names []string) string {
	const enough = 3
	if more := len(names) - enough; more > 0 {
		return strings.Join(names[:enough], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
