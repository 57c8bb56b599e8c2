package metric

import (
	"context"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
)

// Bundle is a set of instruments that change together: every scrape sees either all changes of one
// [Bundle.Apply] or none. For example, the number of errors never exceeds the number of requests, and sums
// match counts. Create a Bundle with [NewBundle], and register it in place of its members.
//
// Only the changes that Apply makes are seen together. Programs can still use the members directly; a
// scrape sees each such change separately, as without a bundle.
//
// A scrape copies the values of all members, and Apply waits during that time. For each series, this takes
// about as long as reading an instrument. Apply waits for nothing else. A Bundle is safe for concurrent
// use.
type Bundle struct {
	core    *instrument.Bundle
	err     error // why the bundle cannot be registered
	members []Collector
}

// NewBundle returns a bundle of members. Each must be a counter, gauge, histogram or summary made by this
// package, or a vector of these. Functions, other collectors and instruments of client_golang cannot be
// members, because reading them would run code that could block the program. If there is such a member,
// registering the bundle fails and Apply panics.
//
// The members must not also be registered individually.
func NewBundle(members ...Collector) *Bundle {
	b := &Bundle{members: slices.Clone(members)}
	b.core, b.err = instrument.NewBundle(b.members)
	return b
}

// Op is one change of one instrument, an argument of [Bundle.Apply]. [AddTo], [SetTo] and
// [ObserveIn] return Ops. The type has no exported fields or methods. The zero Op is not valid.
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

// Apply makes the changes in the order of ops. Every scrape sees all of them or none. Concurrent
// calls of Apply do not wait for each other. Apply does not allocate.
//
// Apply panics before the first change if one of the changes is not possible: if it would decrease a counter,
// or if its instrument is neither a member of b nor part of a member vector. Apply ignores changes of
// instruments that do nothing, such as the instruments of [NewNoOp].
func (b *Bundle) Apply(ops ...Op) {
	if b.err != nil {
		panic(b.err)
	}
	if err := b.core.Apply(ops); err != nil {
		panic(err)
	}
}

// Describe implements [Collector].
func (b *Bundle) Describe(ch chan<- *Desc) {
	if b.err != nil {
		ch <- NewInvalidDesc(b.err)
		return
	}
	for _, m := range b.members {
		m.Describe(ch)
	}
}

// Collect implements [Collector] for registries of other packages. All values that it sends are from the
// same moment.
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

// ScrapeRun implements an internal interface that lets registries of this module read the members without
// calling Collect. Programs do not need it.
func (b *Bundle) ScrapeRun() (receiver any, run engine.Run, refuse collect.Refuse) {
	return b, b.run, nil
}

func (b *Bundle) run(_ context.Context, _ engine.Running, sink engine.Sink) error {
	_ = engine.Hold(sink, engine.Held{Sources: b.core.Freeze()}) // An error means that the scrape is over.
	return nil
}

// String returns the name of the bundle in the status of a registry.
func (b *Bundle) String() string {
	if b.err != nil || len(b.members) == 0 {
		return "bundle"
	}
	return fmt.Sprintf("bundle of %s", called(b.members[0]))
}
