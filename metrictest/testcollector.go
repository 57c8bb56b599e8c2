package metrictest

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
//     error of CollectTo, is a failure: c should be in a state in which it works.
//   - A method that takes a context returns soon after that has ended; see Grace.
//   - Everything may be called at the same time. If what is sent is the same series in
//     each call, it is so for calls that overlap. Data races are only found if the test
//     runs with the race detector.
//   - No goroutine stays behind.
//
// Collecting should not take long: it is done some thirty times for each method. c must
// not be in use otherwise.
func TestCollector(t TB, c metric.Collector, opts ...Option) {
	t.Helper()
	k := &collectorChecker{newChecker(t, c, opts), c}
	k.check()
	k.end()
}

type collectorChecker struct {
	*checker

	collector metric.Collector
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
	took := make(map[string]time.Duration)
	for _, m := range k.methods() {
		o := k.collect(context.Background(), m)
		if !k.ended(m.name, o.ending, patience, "") {
			return
		}
		took[m.name] = o.took
	}
	if !k.register() {
		return
	}
	for _, m := range k.methods() {
		if m.aware && !k.cancel(m, took[m.name]) {
			return
		}
		k.overlap(m, rounds(took[m.name]))
		k.leakCheck("calls of "+m.name, rounds(took[m.name]), func() { k.collect(context.Background(), m) })
		if !m.aware {
			continue
		}
		k.leakCheck("calls of "+m.name+" under a context that ends meanwhile", rounds(took[m.name]), func() {
			ctx, cancel := interrupted(took[m.name] / 2)
			defer cancel()
			k.collect(ctx, m)
		})
	}
}

// collect calls a method and reports at the end of the checks what it does with its
// channel.
func (k *collectorChecker) collect(ctx context.Context, m method) *observation[metric.Metric] {
	return watchChannel(ctx, k.checker, m.name, m.collect)
}

// describe checks Describe and tells whether it makes sense to go on.
func (k *collectorChecker) describe() bool {
	k.t.Helper()
	first := k.describeOnce()
	if !k.ended("Describe", first.ending, patience, "") {
		return false
	}
	for _, d := range first.sent {
		switch {
		case d == nil:
			k.errorf("Describe sent a nil descriptor. It cannot be registered")
			return false
		case d.Err() != nil:
			k.errorf("Describe sent a descriptor that is not valid, so that it cannot be registered: %v", d.Err())
			return false
		}
	}
	again := k.describeOnce()
	if !k.ended("Describe", again.ending, patience, "") {
		return false
	}
	if a, b := printed(first.sent), printed(again.sent); !slices.Equal(a, b) {
		k.errorf("Describe did not send the same descriptors when it was called again, but has to throughout the life of a collector: "+
			"Unregister finds it by them. First: %s. Then: %s", strings.Join(a, ", "), strings.Join(b, ", "))
		return false
	}
	return true
}

func (k *collectorChecker) describeOnce() *observation[*metric.Desc] {
	return watchChannel(context.Background(), k.checker, "Describe", func(_ context.Context, ch chan<- *metric.Desc) { k.collector.Describe(ch) })
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
	if err := r.Register(k.collector); err != nil {
		k.errorf("it cannot be registered: %v", err)
		return false
	}
	var err error
	gathered := k.leaks.watch(context.Background(), func(ctx context.Context) { _, err = r.GatherWithContext(ctx) })
	if end := gathered.wait(context.Background(), k.grace); !k.ended("GatherWithContext of its registry", end, patience, "") {
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
		k.errorf("what it sends is not what it describes, not consistent or not valid, and is left out of scrapes: %v", f.Err)
	}
	return false
}

// cancel checks a method that takes a context.
func (k *collectorChecker) cancel(m method, took time.Duration) bool {
	k.t.Helper()
	for _, after := range []time.Duration{0, took / 2} {
		ctx, stop := interrupted(after)
		o := k.collect(ctx, m)
		stop()
		if !k.ended(m.name, o.ending, k.grace, " after its context was cancelled") {
			return false
		}
	}
	// It is quick enough to return in time. Does it look at the context at all?
	for range 3 {
		if took < notable {
			return true
		}
		ctx, stop := interrupted(0)
		o := k.collect(ctx, m)
		stop()
		if o.took < took*3/4 {
			return true
		}
		took = min(took, k.collect(context.Background(), m).took)
	}
	k.errorf("%s takes about %v, also under a context that was cancelled before: it does not look at its context. "+
		"Pass it to whatever is waited for, or look at ctx.Done() between steps", m.name, took.Round(time.Millisecond))
	return true
}

// overlap checks calls at the same time.
func (k *collectorChecker) overlap(m method, n int) {
	k.t.Helper()
	alone, again := k.series(m), k.series(m)
	var (
		calls        sync.WaitGroup
		observations = make([]*observation[metric.Metric], atOnce*n)
	)
	for i := range atOnce {
		calls.Go(func() {
			for j := range n {
				k.describeOnce()
				observations[i*n+j] = k.collect(context.Background(), m)
			}
		})
	}
	calls.Wait()
	for _, o := range observations {
		if !k.ended(m.name+", called while other calls were under way,", o.ending, patience, "") {
			return
		}
	}
	if after := k.series(m); !maps.Equal(alone, again) || !maps.Equal(alone, after) {
		return // Its series come and go.
	}
	for _, o := range observations {
		if missing, added := difference(alone, seriesOf(o.sent)); len(missing)+len(added) > 0 {
			k.errorf("%s sends the same series each time, but not while other calls are under way (missing: %s; added: %s). "+
				"Scrapes do overlap: a call must not empty or fill what others read", m.name, some(missing), some(added))
			return
		}
	}
}

// series returns the series that a call sends.
func (k *collectorChecker) series(m method) map[string]struct{} {
	return seriesOf(k.collect(context.Background(), m).sent)
}

func seriesOf(sent []metric.Metric) map[string]struct{} {
	all := make(map[string]struct{}, len(sent))
	for _, m := range sent {
		all[nameOf(m)] = struct{}{}
	}
	return all
}

// nameOf returns a text that is the same for metrics of the same series.
func nameOf(m metric.Metric) (name string) {
	defer func() {
		if recover() != nil { // The registry has reported it.
			name = fmt.Sprintf("%T", m)
		}
	}()
	var data metric.MetricData
	if err := m.Write(&data); err != nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(m.Desc().String())
	for _, l := range data.GetLabel() {
		fmt.Fprintf(&b, " %s=%q", l.GetName(), l.GetValue())
	}
	return b.String()
}

func difference(want, got map[string]struct{}) (missing, added []string) {
	for name := range want {
		if _, ok := got[name]; !ok {
			missing = append(missing, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			added = append(added, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(added)
	return missing, added
}
