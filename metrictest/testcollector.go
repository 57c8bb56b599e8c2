package metrictest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/luxfi/metric"
)

// TestCollector checks that a collector keeps the rules that registries rely on, and
// calls t.Errorf for each that it breaks, with the reason for the rule. c may be any
// metric.Collector; if it is a CollectorWithContext or a StreamCollector, too, those
// methods are checked as well. The rules are:
//
//   - Describe and the methods that collect return, do not panic, do not close the
//     channel and do not send to it after they have returned.
//   - Describe always sends the same, valid descriptors, or always none.
//   - What is sent agrees with these descriptors: it can be written, is valid UTF-8, has
//     the labels that were announced, and no series comes twice. An invalid metric, or an
//     error of CollectTo, is a failure: c should be in a state in which it works. With
//     MustSend, sending nothing is one, too.
//   - A method that takes a context returns soon after that has ended; see Grace. One that
//     does not look at its context passes if it takes less than 100 ms anyway: then it
//     cannot be told from one that is about to return.
//   - Everything may be called at the same time. If what is sent is the same series in
//     each call, it is so for calls that overlap. Data races are only found if the test
//     runs with the race detector.
//   - No goroutine stays behind.
//
// Collecting should not take long: it is done some fifty times for each method, some thirty
// times if it takes a second or more, and some fifteen times if there are more than 1,000
// series. c must not be in use otherwise.
//
// What c asks has to answer: Collect has no context that could end, and is given up only
// after a minute; see Patience. An example shows how to test a collector whose backend
// hangs; see NewHangingServer.
func TestCollector(t TB, c metric.Collector, opts ...Option) {
	t.Helper()
	if c == nil {
		t.Errorf("the collector to test is nil")
		return
	}
	k := &collectorChecker{checker: newChecker(t, c, opts), collector: c}
	k.check()
	k.end()
}

type collectorChecker struct {
	*checker

	collector metric.Collector
	failures  []error // The errors of invalid metrics in the first run of each method.
	returned  error   // What CollectTo has returned last, when nothing else was under way.
}

// method is a way to collect from the collector.
type method struct {
	name    string
	aware   bool // Takes a context.
	collect func(context.Context, chan<- metric.Metric)
}

func (k *collectorChecker) methods() []method {
	all := []method{{"Collect", false, func(_ context.Context, ch chan<- metric.Metric) { k.collector.Collect(ch) }}}
	if c, ok := k.collector.(metric.CollectorWithContext); ok {
		all = append(all, method{"CollectWithContext", true, c.CollectWithContext})
	}
	if c, ok := k.collector.(metric.StreamCollector); ok {
		all = append(all, method{"CollectTo", true, func(ctx context.Context, ch chan<- metric.Metric) { metric.CollectStream(ctx, c, ch) }})
	}
	return all
}

// check stops where what follows would only tell the same in other words.
func (k *collectorChecker) check() {
	k.t.Helper()
	if !k.describe() {
		return
	}
	var (
		methods = k.methods()
		first   = make([]*observation, len(methods))
	)
	for i, m := range methods {
		var failures failureReader
		first[i] = k.collect(context.Background(), m, failures.read)
		if !k.ended(m.name, first[i].ending, adviceFor(m.aware)) {
			return
		}
		if _, ok := k.collector.(metric.StreamCollector); !ok { // CollectStream sends everything that is wrong in this way.
			k.failures = append(k.failures, failures...)
		}
		if k.mustSend && first[i].sent == 0 {
			k.errorf("%s sent no metric, but MustSend wants at least one", m.name)
		}
	}
	if !k.register() {
		return
	}
	for i, m := range methods {
		took, n := first[i].took, rounds(first[i].took, first[i].sent)
		if m.aware && !k.cancel(m, took) || !k.overlap(m, n) {
			return
		}
		k.leakCheck("calls of "+m.name, n, func() { k.collect(context.Background(), m, nil) })
		if !m.aware {
			continue
		}
		k.leakCheck("calls of "+m.name+" under a context that ends meanwhile", n, func() {
			ctx, cancel := interrupted(took / 2)
			defer cancel()
			k.collect(ctx, m, nil)
		})
	}
}

// collect calls a method, passes on to take what it sends, unless that is nil, and
// reports at the end of the checks what it does with its channel.
func (k *collectorChecker) collect(ctx context.Context, m method, take func(metric.Metric)) *observation {
	return watchChannel(ctx, k.checker, m.name, take, m.collect)
}

// describe checks Describe and reports whether it makes sense to go on.
func (k *collectorChecker) describe() bool {
	k.t.Helper()
	var first, again []*metric.Desc
	o := k.describeOnce(func(d *metric.Desc) { first = append(first, d) })
	if !k.ended("Describe", o.ending, adviceDescribe) {
		return false
	}
	for _, d := range first {
		switch {
		case d == nil:
			k.errorf("Describe sent a nil descriptor. It cannot be registered")
			return false
		case d.Err() != nil:
			k.errorf("Describe sent a descriptor that is not valid, so that it cannot be registered: %v", d.Err())
			return false
		}
	}
	o = k.describeOnce(func(d *metric.Desc) { again = append(again, d) })
	if !k.ended("Describe", o.ending, adviceDescribe) {
		return false
	}
	if a, b := printed(first), printed(again); !slices.Equal(a, b) {
		k.errorf("Describe did not send the same descriptors when it was called again, but has to throughout the life of a collector: "+
			"Unregister finds it by them. First: %s. Then: %s", strings.Join(a, ", "), strings.Join(b, ", "))
		return false
	}
	return true
}

func (k *collectorChecker) describeOnce(take func(*metric.Desc)) *observation {
	return watchChannel(context.Background(), k.checker, "Describe", take, func(_ context.Context, ch chan<- *metric.Desc) { k.collector.Describe(ch) })
}

func printed(descs []*metric.Desc) []string {
	var all []string
	for _, d := range descs {
		all = append(all, fmt.Sprint(d))
	}
	slices.Sort(all)
	return all
}

// register checks what is sent by having a pedantic registry gather it, as well as the
// registration itself.
func (k *collectorChecker) register() bool {
	k.t.Helper()
	r := metric.NewPedanticContextRegistry()
	c := k.collector
	if stream, ok := c.(metric.StreamCollector); ok {
		c = streamSpy{stream, &k.returned}
	}
	if err := r.Register(c); err != nil {
		k.errorf("it cannot be registered: %v", err)
		return false
	}
	var err error
	gathered := k.leaks.watch(context.Background(), func(ctx context.Context) { _, err = r.GatherWithContext(ctx) })
	if end := gathered.wait(context.Background(), k.patience, k.grace); !k.ended("GatherWithContext of its registry", end, adviceAnswer) {
		return false
	}
	if err == nil {
		return true
	}
	gathering, ok := errors.AsType[*metric.GatherError](err)
	if !ok {
		k.errorf("a registry cannot gather from it: %v", err)
		return false
	}
	for _, f := range gathering.Failures {
		switch {
		case k.returned != nil && isFrom(f.Err, k.returned):
			k.errorf("CollectTo returned an error, but should be able to collect everything in this test: %v", f.Err)
		case slices.ContainsFunc(k.failures, func(err error) bool { return isFrom(f.Err, err) }):
			k.errorf("it sent an invalid metric, by which collectors report that they have failed, "+
				"but should be able to collect everything in this test: %v", f.Err)
		default:
			k.errorf("what it sends is not what it describes, not consistent or not valid, and is left out of scrapes: %v", f.Err)
		}
	}
	return false
}

// isFrom reports whether err is, or wraps, an error with the text of cause, which may come from
// another run.
func isFrom(err, cause error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == cause.Error() {
			return true
		}
	}
	return false
}

// streamSpy keeps what CollectTo returns.
type streamSpy struct {
	metric.StreamCollector

	returned *error
}

func (s streamSpy) CollectTo(ctx context.Context, sink *metric.Sink) error {
	*s.returned = s.StreamCollector.CollectTo(ctx, sink)
	return *s.returned
}

// failureReader reads the errors of invalid metrics.
type failureReader []error

func (r *failureReader) read(m metric.Metric) {
	const most = 100
	defer func() { _ = recover() }() // What panics is no report of a failure.
	if err := m.Write(new(metric.MetricData)); err != nil && len(*r) < most {
		*r = append(*r, err)
	}
}

// cancel checks a method that takes a context.
func (k *collectorChecker) cancel(m method, took time.Duration) bool {
	k.t.Helper()
	for _, after := range []time.Duration{0, took / 2} {
		ctx, stop := interrupted(after)
		o := k.collect(ctx, m, nil)
		stop()
		if !k.endedInTime(m.name, o.ending) {
			return false
		}
	}
	// It is quick enough to return in time. Does it look at the context at all?
	for range 3 {
		if took < notable {
			return true
		}
		ctx, stop := interrupted(0)
		o := k.collect(ctx, m, nil)
		stop()
		if o.took < took*3/4 {
			return true
		}
		took = min(took, k.collect(context.Background(), m, nil).took)
	}
	k.errorf("%s takes about %v, also under a context that was cancelled before: it does not look at its context. "+
		"Pass it to whatever is waited for, or look at ctx.Done() between steps", m.name, took.Round(time.Millisecond))
	return true
}

// overlap checks calls at the same time, and reports whether it makes sense to go on.
func (k *collectorChecker) overlap(m method, n int) bool {
	k.t.Helper()
	alone, err := k.series(m, nil)
	if err != nil {
		k.errorf("%s sends what cannot be written, and is left out of scrapes: %v", m.name, err)
		return false
	}
	again, _ := k.series(m, alone)
	var (
		stable  = alone.equal(again) // Or else its series come and go.
		calls   sync.WaitGroup
		callers = atOnce(len(alone))
		all     = make([]overlapping, callers*n)
	)
	for i := range callers {
		calls.Go(func() {
			for j := range n {
				k.describeOnce(nil)
				all[i*n+j] = k.collectOverlapping(m, alone, stable)
			}
		})
	}
	calls.Wait()
	for _, o := range all {
		if !k.ended(m.name+", called while other calls were under way,", o.ending, adviceAtOnce) {
			return false
		}
	}
	if after, _ := k.series(m, alone); !stable || !alone.equal(after) {
		return true
	}
	for _, o := range all {
		if len(o.missing)+len(o.added) > 0 {
			k.errorf("%s sends the same series each time, but not while other calls are under way (missing: %s; added: %s). "+
				"Scrapes do overlap: a call must not empty or fill what others read", m.name, some(o.missing), some(o.added))
			break
		}
	}
	return true
}

// overlapping is a call while others are under way.
type overlapping struct {
	ending

	missing, added []string // Series.
}

// collectOverlapping calls a method and, if its series can be compared with those that
// it sends alone, does so at once: those of all calls take too much memory.
func (k *collectorChecker) collectOverlapping(m method, alone series, stable bool) overlapping {
	if !stable {
		return overlapping{ending: k.collect(context.Background(), m, nil).ending}
	}
	r := newSeriesReader(alone)
	o := overlapping{ending: k.collect(context.Background(), m, r.read).ending}
	if !o.hangs {
		o.missing, o.added = difference(alone, r.series)
	}
	return o
}

// series returns the series that a call sends, and the first error of a metric that has
// none.
func (k *collectorChecker) series(m method, known series) (series, error) {
	r := newSeriesReader(known)
	if o := k.collect(context.Background(), m, r.read); o.hangs {
		return nil, nil
	}
	return r.series, r.problem
}
