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

// TestCollector checks that a collector follows the rules that registries rely on. It calls t.Errorf for
// each broken rule, with the reason for the rule. c may be any [metric.Collector]; if it is also a
// [metric.CollectorWithContext] or a [metric.StreamCollector], TestCollector also checks those methods. The
// rules are:
//
//   - Describe and the collecting methods return, do not panic, do not close the
//     channel, and do not send to it after they have returned.
//   - Describe always sends the same, valid descriptors, or never sends any.
//   - The metrics agree with these descriptors: they can be written, are valid UTF-8, have
//     the announced labels, and no series comes twice. An invalid metric, or an
//     error of CollectTo, is a failure, because c should be in a state in which it works. With
//     [MustSend], sending nothing is also a failure.
//   - A method that takes a context returns soon after that has ended; see [Grace]. A method that
//     does not check its context passes if it takes less than 100 ms, because it
//     cannot be distinguished from one that is about to return.
//   - All methods may be called concurrently. If the series are the same in
//     each call, they are also the same in overlapping calls. Only the race detector
//     finds data races.
//   - No goroutine stays behind.
//
// Collecting should not take long. TestCollector collects about fifty times for each method, about thirty
// times if collecting takes a second or more, and about fifteen times if there are more than 1,000 series.
// c must not be used by other code at the same time.
//
// The backends of c must respond: Collect has no context that could end it, and TestCollector gives it up
// only after a minute; see [Patience]. The example of [NewHangingServer] shows how to test a collector
// whose backend hangs.
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
	failures  []error // errors of invalid metrics in the first run of each method
	returned  error   // last result of CollectTo without concurrent calls
}

// method is a method that collects from the collector.
type method struct {
	name    string
	aware   bool // whether it takes a context
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

// check stops when further checks would only report the same problem again.
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
		if _, ok := k.collector.(metric.StreamCollector); !ok { // CollectStream sends all errors in this way.
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

// collect calls a method and passes each metric to take, unless that is nil. At the end of the checks, it
// reports how the method used its channel.
func (k *collectorChecker) collect(ctx context.Context, m method, take func(metric.Metric)) *observation {
	return watchChannel(ctx, k.checker, m.name, take, m.collect)
}

// describe checks Describe and reports whether it makes sense to continue.
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
		k.errorf("Describe did not send the same descriptors when it was called again. They must never change, "+
			"because Unregister finds the collector by them. First: %s. Then: %s", strings.Join(a, ", "), strings.Join(b, ", "))
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

// register checks the registration and the metrics with a pedantic registry that gathers them.
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
			k.errorf("it sent an invalid metric, which reports a failure, "+
				"but should be able to collect everything in this test: %v", f.Err)
		default:
			k.errorf("it sends metrics that scrapes leave out, because they are not described, not consistent or not valid: %v", f.Err)
		}
	}
	return false
}

// isFrom reports whether err is, or wraps, an error with the text of cause. The error may come from another
// run.
func isFrom(err, cause error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == cause.Error() {
			return true
		}
	}
	return false
}

// streamSpy records the result of CollectTo.
type streamSpy struct {
	metric.StreamCollector

	returned *error
}

func (s streamSpy) CollectTo(ctx context.Context, sink *metric.Sink) error {
	*s.returned = s.StreamCollector.CollectTo(ctx, sink)
	return *s.returned
}

// failureReader records the errors of invalid metrics.
type failureReader []error

func (r *failureReader) read(m metric.Metric) {
	const most = 100
	defer func() { _ = recover() }() // A panic is not the report of a failure.
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
	// The method is fast enough to return in time. Check whether it uses the context at all.
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
	k.errorf("%s takes about %v, even if its context was canceled before the call: it does not check its context. "+
		"Pass the context to the calls that it waits for, or check ctx.Done() between steps", m.name, took.Round(time.Millisecond))
	return true
}

// overlap checks concurrent calls and reports whether it makes sense to continue.
func (k *collectorChecker) overlap(m method, n int) bool {
	k.t.Helper()
	alone, err := k.series(m, nil)
	if err != nil {
		k.errorf("%s sends a metric that cannot be written and that scrapes leave out: %v", m.name, err)
		return false
	}
	again, _ := k.series(m, alone)
	var (
		stable  = alone.equal(again) // Otherwise its series come and go.
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
		if !k.ended(m.name+", called concurrently,", o.ending, adviceAtOnce) {
			return false
		}
	}
	if after, _ := k.series(m, alone); !stable || !alone.equal(after) {
		return true
	}
	for _, o := range all {
		if len(o.missing)+len(o.added) > 0 {
			k.errorf("%s sends the same series each time, but not if calls overlap (missing: %s; added: %s). "+
				"Scrapes can overlap: a call must not empty or fill data that other calls read", m.name, some(o.missing), some(o.added))
			break
		}
	}
	return true
}

// overlapping is a call that overlaps others.
type overlapping struct {
	ending

	missing, added []string // names of series
}

// collectOverlapping calls a method. If its series can be compared with those that it sends alone,
// collectOverlapping compares them while it receives them, because keeping the series of all calls would take
// too much memory.
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

// series returns the series that a call sends, and the error of the first metric without a series.
func (k *collectorChecker) series(m method, known series) (series, error) {
	r := newSeriesReader(known)
	if o := k.collect(context.Background(), m, r.read); o.hangs {
		return nil, nil
	}
	return r.series, r.problem
}
