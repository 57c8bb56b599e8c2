package metric

import (
	"context"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
)

// Bundle is a set of instruments that belong together: what [Bundle.Apply] changes at once, every
// scrape sees at once. So errors never exceed requests, and sums fit counts. Create one with
// [NewBundle], and register it in the place of its members.
//
// Only changes by Apply are seen together. The members can still be used directly; such changes
// are seen each on its own, as always.
//
// A scrape copies the values of all members, and Apply waits for that: about as long as an
// instrument takes to be read, for each series. It does not wait for anything else. A Bundle is
// safe for concurrent use.
type Bundle struct {
	core    *instrument.Bundle
	err     error // Why it cannot be registered.
	members []Collector
}

// NewBundle returns a bundle of members: counters, gauges, histograms and summaries made by this
// package, or vectors of these. Functions, collectors of other kinds and instruments of
// client_golang cannot be members, because reading them would run code that could block the
// program. If there is such a member, the bundle cannot be registered, and Apply panics.
//
// The members must not be registered themselves, too.
func NewBundle(members ...Collector) *Bundle {
	b := &Bundle{members: slices.Clone(members)}
	b.core, b.err = instrument.NewBundle(b.members)
	return b
}

// Op is a change of one instrument of a [Bundle]; see [AddTo], [SetTo] and [ObserveIn].
type Op = instrument.Op

// AddTo returns the Op that adds v to a counter or a gauge.
func AddTo(counterOrGauge interface{ Add(v float64) }, v float64) Op {
	return instrument.AddOp(counterOrGauge, v)
}

// SetTo returns the Op that sets a gauge to v.
func SetTo(gauge Gauge, v float64) Op { return instrument.SetOp(gauge, v) }

// ObserveIn returns the Op that observes v in a histogram or a summary.
func ObserveIn(histogramOrSummary Observer, v float64) Op {
	return instrument.ObserveOp(histogramOrSummary, v)
}

// Apply makes the changes in their order. Every scrape sees all of them or none. Calls of Apply
// do not wait for each other, and do not allocate.
//
// Before the first change, Apply panics if one of them is not possible: if it would make a counter
// go down, or if its instrument is neither a member of b nor one of a vector that is. Instruments
// that do nothing, such as those of [NewNoOp], are left alone.
func (b *Bundle) Apply(ops ...Op) {
	if b.err != nil {
		panic(b.err)
	}
	if err := b.core.Apply(ops); err != nil {
		panic(err)
	}
}

// Describe implements Collector.
func (b *Bundle) Describe(ch chan<- *Desc) {
	if b.err != nil {
		ch <- NewInvalidDesc(b.err)
		return
	}
	for _, m := range b.members {
		m.Describe(ch)
	}
}

// Collect implements Collector, for registries of others. It sends the values of one moment.
func (b *Bundle) Collect(ch chan<- Metric) {
	announced, err := collect.Describe(b)
	if err != nil {
		ch <- NewInvalidMetric(NewInvalidDesc(err), err)
		return
	}
	to := &collect.ChannelSink{Ctx: context.Background(), Ch: ch, Announced: make(collect.Announcements)}
	to.Announced.Add(announced)
	_ = engine.Send(to, b.core.Freeze()) // Nothing ends the context.
}

// ScrapeRun implements an interface of this module: a registry reads the members without Collect.
func (b *Bundle) ScrapeRun() (receiver any, run engine.Run, refuse collect.Refuse) {
	return b, b.run, nil
}

func (b *Bundle) run(_ context.Context, _ engine.Running, sink engine.Sink) error {
	_ = engine.Hold(sink, engine.Held{Sources: b.core.Freeze()}) // Its error says that the scrape is over.
	return nil
}

// String returns how the status calls the bundle.
func (b *Bundle) String() string {
	if b.err != nil || len(b.members) == 0 {
		return "bundle"
	}
	return fmt.Sprintf("bundle of %s", called(b.members[0]))
}
