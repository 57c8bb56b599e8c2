package metrictest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/luxfi/metric"
)

// TestGatherer checks that a gatherer follows the rules that handlers and other gatherers rely on. It calls
// t.Errorf for each broken rule, with the reason for the rule. g may be any [metric.Gatherer]; if it is a
// [metric.GathererWithContext], TestGatherer also checks that method. The rules are:
//
//   - Gather and GatherWithContext return and do not panic. They return no error, because g should be in a
//     state in which it works.
//   - Families are sorted by name, and names are unique. Each family has metrics of its type.
//     The labels of a metric are sorted, series are unique, all text is valid UTF-8,
//     and the buckets of a histogram agree with its count.
//   - GatherWithContext returns soon after its context has ended; see [Grace]. If
//     metrics are missing as a result, it also returns an error that wraps the error of the context
//     (see [errors.Is]), and the metrics that it returns are well-formed.
//   - All methods may be called concurrently. If the series are the same in each
//     call, they are also the same in overlapping calls.
//   - A result does not change later: it belongs to the caller.
//   - No goroutine stays behind.
//
// Gathering should not take long. TestGatherer gathers about fifty times for each method, about thirty
// times if gathering takes a second or more, and about fifteen times if there are more than 1,000 series. g
// must not be used by other code at the same time.
//
// The backends of g must respond: Gather has no context that could end it, and TestGatherer gives it up
// only after a minute; see [Patience].
func TestGatherer(t TB, g metric.Gatherer, opts ...Option) {
	t.Helper()
	if g == nil {
		t.Errorf("the gatherer to test is nil")
		return
	}
	k := &gathererChecker{newChecker(t, g, opts)}
	for _, m := range gatherings(g) {
		if !k.check(m) {
			break
		}
	}
	k.end()
}

type gathererChecker struct{ *checker }

// gathering is a method that gathers.
type gathering struct {
	name   string
	aware  bool
	gather func(context.Context) ([]*metric.MetricFamily, error)
}

func gatherings(g metric.Gatherer) []gathering {
	all := []gathering{{"Gather", false, func(context.Context) ([]*metric.MetricFamily, error) { return g.Gather() }}}
	if aware, ok := g.(metric.GathererWithContext); ok {
		all = append(all, gathering{"GatherWithContext", true, aware.GatherWithContext})
	}
	return all
}

// gathered is the result of a call.
type gathered struct {
	ending

	families []*metric.MetricFamily
	err      error
}

func (k *gathererChecker) gather(ctx context.Context, m gathering) *gathered {
	var (
		families []*metric.MetricFamily
		err      error
	)
	end := k.leaks.watch(ctx, func(ctx context.Context) { families, err = m.gather(ctx) }).wait(ctx, k.patience, k.grace)
	if end.hangs {
		return &gathered{ending: end}
	}
	return &gathered{end, families, err}
}

// check checks one method and reports whether it makes sense to continue.
func (k *gathererChecker) check(m gathering) bool {
	k.t.Helper()
	first := k.gather(context.Background(), m)
	if !k.ended(m.name, first.ending, adviceFor(m.aware)) {
		return false
	}
	if first.err != nil {
		k.errorf("%s returned an error, but should be able to gather everything in this test: %v", m.name, first.err)
		return false
	}
	if k.mustSend && len(first.families) == 0 {
		k.errorf("%s returned no family, but MustSend wants at least one", m.name)
	}
	if problems := problemsOf(first.families); len(problems) > 0 {
		for _, problem := range problems {
			k.errorf("%s returned families that a handler cannot serve: %s", m.name, problem)
		}
		return false
	}
	kept := make([]*metric.MetricFamily, len(first.families))
	for i, f := range first.families {
		kept[i] = proto.CloneOf(f)
	}
	want := seriesIn(first.families, nil)
	n := rounds(first.took, len(want))
	if m.aware && !k.cancel(m, first, want) || !k.overlap(m, n, want) {
		return false
	}
	k.leakCheck("calls of "+m.name, n, func() { k.gather(context.Background(), m) })
	if m.aware {
		k.leakCheck("calls of "+m.name+" under a context that ends meanwhile", n, func() {
			ctx, cancel := interrupted(first.took / 2)
			defer cancel()
			k.gather(ctx, m)
		})
	}
	for i, f := range first.families {
		if !proto.Equal(f, kept[i]) {
			k.errorf("%s returned the family %q and changed it later. Its caller may still use it: "+
				"other calls must return another family, or the same one unchanged", m.name, kept[i].GetName())
			break
		}
	}
	return true
}

// cancel checks how a gatherer behaves when its context ends.
func (k *gathererChecker) cancel(m gathering, whole *gathered, want series) bool {
	k.t.Helper()
	again := k.gather(context.Background(), m)
	stable := !again.hangs && want.equal(seriesIn(again.families, want))
	for _, after := range []time.Duration{0, whole.took / 2} {
		ctx, stop := interrupted(after)
		partial := k.gather(ctx, m)
		reason := ctx.Err() // The gatherer may have been faster.
		stop()
		if !k.endedInTime(m.name, partial.ending) {
			return false
		}
		for _, problem := range problemsOf(partial.families) {
			k.errorf("%s returned a partial result that a handler cannot serve when its context was canceled: %s", m.name, problem)
			return false
		}
		if partial.err != nil && reason != nil && !errors.Is(partial.err, reason) {
			k.errorf("%s was canceled and returned an error that does not say so: errors.Is(err, context.Canceled) must be true. The error is: %v", m.name, partial.err)
			return false
		}
		missing, _ := difference(want, seriesIn(partial.families, want))
		if partial.err == nil && stable && len(missing) > 0 {
			k.errorf("%s returned a partial result without an error when its context was canceled (missing: %s). "+
				"A scrape that lacks series must not look complete", m.name, some(missing))
			return false
		}
	}
	return true
}

// overlap checks concurrent calls.
func (k *gathererChecker) overlap(m gathering, n int, want series) bool {
	k.t.Helper()
	var (
		calls   sync.WaitGroup
		callers = atOnce(len(want))
		all     = make([]overlappingGather, callers*n)
	)
	for i := range callers {
		calls.Go(func() {
			for j := range n {
				all[i*n+j] = k.gatherOverlapping(m, want)
			}
		})
	}
	calls.Wait()
	after := k.gatherOverlapping(m, want)
	for _, o := range append(all, after) {
		switch {
		case !k.ended(m.name+", called concurrently,", o.ending, adviceAtOnce):
			return false
		case o.err != nil:
			k.errorf("%s returned an error when calls overlapped, but not when it was called alone: %v", m.name, o.err)
			return false
		}
	}
	if len(after.missing)+len(after.added) > 0 {
		return true // Its series come and go.
	}
	for _, o := range all {
		if len(o.missing)+len(o.added) > 0 {
			k.errorf("%s returns the same series each time, but not if calls overlap (missing: %s; added: %s). "+
				"Scrapes can overlap", m.name, some(o.missing), some(o.added))
			return false
		}
	}
	return true
}

// overlappingGather is a call that overlaps others.
type overlappingGather struct {
	overlapping

	err error
}

func (k *gathererChecker) gatherOverlapping(m gathering, want series) overlappingGather {
	g := k.gather(context.Background(), m)
	o := overlappingGather{overlapping{ending: g.ending}, g.err}
	if !o.hangs {
		o.missing, o.added = difference(want, seriesIn(g.families, want))
	}
	return o
}

func labelsOf(m *metric.MetricData) string {
	text := ""
	for _, l := range m.GetLabel() {
		text += fmt.Sprintf(" %s=%q", l.GetName(), l.GetValue())
	}
	return text
}
