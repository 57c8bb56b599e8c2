package scrape

import (
	"fmt"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
	"github.com/luxfi/metric/internal/order"
)

// nameSpace says what names become in the exposition that a scrape is written to, and which
// of them it has already.
type nameSpace struct {
	scheme naming.Scheme
	taken  *naming.Claims // Nil if there are none.

	// refused is told about points that the sink has not taken.
	refused *Failures

	// sending is how long it has taken so far to send what was written, if not nil.
	sending *time.Duration
}

// write merges what has been collected with the native families and writes it to
// sink. It returns the first error of sink that is not an *encode.PointError.
func (s *Scrape) write(sink model.Sink, names nameSpace) error {
	start, sentBefore := time.Now(), time.Duration(0)
	if names.sending != nil {
		sentBefore = *names.sending
	}
	in := merge.Input{Natives: s.natives(), Select: s.wanted, Scheme: names.scheme, Taken: names.taken}
	total := 0
	for _, p := range s.parts {
		total += len(p.outcomes)
	}
	in.Batches = make([]merge.Batch, 0, total)
	samples := 0
	from := make([]batchOrigin, 0, total)
	add := func(p *part, i int) {
		b, o := batchOrigin{p: p, e: p.running[i], fresh: p.outcomes[i].Source == engine.FromRun}, &p.outcomes[i]
		for _, err := range slices.Concat(o.Dropped.Errors(), collect.FailuresOf(o.Err)) {
			s.Failures.add(b.name(), err)
		}
		samples += len(o.Samples)
		wrapped := s.wrapSamples(p, b.name(), o.Samples)
		b.dropped = len(o.Samples) - len(wrapped)
		in.Batches = append(in.Batches, merge.Batch{Samples: wrapped})
		from = append(from, b)
	}
	// Those that are forgiven come last, so that they give way to all others.
	for _, forgiven := range [...]bool{false, true} {
		for _, p := range s.parts {
			for i := range p.outcomes {
				if (p.running[i].Forgive != nil) == forgiven {
					add(p, i)
				}
			}
		}
	}
	in.Report = func(f merge.Finding) {
		if f.Batch < 0 {
			_, panicked := asPanic(f.Err)
			s.Failures.addFailure(&Failure{Collector: f.Native, Err: f.Err, Collision: !panicked})
			return
		}
		b := &from[f.Batch]
		if b.e.Forgive == nil || !b.e.Forgive(f.Err) {
			b.dropped += f.Samples
			s.Failures.addFailure(&Failure{Collector: b.name(), Err: f.Err, Collision: true})
		}
	}
	if names.refused != nil {
		var at merge.Owner
		in.At = &at
		sink = &lenientSink{Sink: sink, refuse: func(err error) {
			if at.Batch < 0 {
				names.refused.add(at.Native, err)
				return
			}
			b := &from[at.Batch]
			b.dropped++
			names.refused.add(b.name(), err)
		}}
	}
	err := merge.Families(in, sink)
	var left amounts
	for _, b := range from {
		if b.fresh && b.dropped > 0 {
			left.add(&b.p.registry.Engine, engine.Amount{Of: b.e.run, Dropped: b.dropped})
		}
	}
	left.account()
	took := time.Since(start)
	if names.sending != nil {
		took -= *names.sending - sentBefore
	}
	engine.Measured(samples, took)
	return err
}

// amounts is what is to be accounted for, by engine.
type amounts map[*engine.Engine][]engine.Amount

func (a *amounts) add(to *engine.Engine, one engine.Amount) {
	if *a == nil {
		*a = make(amounts)
	}
	(*a)[to] = append((*a)[to], one)
}

func (a amounts) account() {
	for e, all := range a {
		e.Account(all)
	}
}

// batchOrigin is where a batch of samples comes from.
type batchOrigin struct {
	p       *part
	e       *Entry
	fresh   bool // It is of a run for this scrape.
	dropped int  // Samples that did not go together with others.
}

func (b *batchOrigin) name() string { return b.p.nameOf(b.e) }

// natives returns the native families of all parts, sorted by name.
func (s *Scrape) natives() []merge.Native {
	for _, p := range s.parts {
		for _, c := range p.plan.conflicts {
			s.Failures.add(c.Collector, c.Err)
		}
	}
	if p := s.parts[0]; len(s.parts) == 1 && p.registry.Self.Load() == nil {
		return p.plan.natives
	}
	var (
		all      plan
		families = make(map[string]int)
	)
	for _, p := range s.parts {
		natives := p.plan.natives
		if self := p.registry.Self.Load(); self != nil {
			natives = slices.Concat(natives, self.natives(p, p.took))
		}
		for _, n := range natives {
			for i, source := range n.Sources {
				name := p.name + n.Family.Name
				if n.Owners != nil {
					name = p.name + n.Owners[i]
				}
				b, err := wrapNative(source, p.wrappings)
				if err != nil {
					s.Failures.addFailure(&Failure{Collector: name, Err: err, Gatherers: p.gatherers})
					continue
				}
				all.addNative(&Entry{name: name, Binding: b}, families)
			}
		}
	}
	for _, c := range all.conflicts {
		s.Failures.add(c.Collector, c.Err)
	}
	order.By(all.natives, compareNatives)
	return all.natives
}

// wrapNative puts wrappings around a native family.
func wrapNative(source model.Source, wrappings []collect.Wrapping) (Binding, error) {
	b := Binding{Source: source}
	for _, w := range wrappings {
		for name := range w.Labels {
			if l, ok := b.Source.(instrument.Labelled); ok && l.HasLabel(name) {
				return b, fmt.Errorf("family %q has the label %q already", source.Family().Name, name)
			}
		}
		b = b.Wrap(w)
	}
	if wrapped, ok := b.Source.(*collect.WrappedSource); ok {
		if err := wrapped.Check(); err != nil {
			return b, err
		}
	}
	return b, nil
}

// wrapSamples puts the wrappings of a part around samples of one of its collectors.
// What does not go together is reported once for each family.
func (s *Scrape) wrapSamples(p *part, collector string, samples []model.Sample) []model.Sample {
	var refused *model.Family
	for _, w := range p.wrappings {
		t := w.NewTransform()
		wrapped := make([]model.Sample, 0, len(samples))
		for _, sample := range samples {
			if err := t.Point(sample.Family, &sample.Point); err != nil {
				if sample.Family != refused {
					refused = sample.Family
					s.Failures.add(collector, fmt.Errorf("family %q: %w", refused.Name, err))
				}
				continue
			}
			sample.Family = t.Family(sample.Family)
			if len(w.Labels) > 0 {
				sample.Point.Labels = sample.Point.Labels.Keep()
				sample.Origin = nil
			}
			wrapped = append(wrapped, sample)
		}
		samples = wrapped
	}
	return samples
}
