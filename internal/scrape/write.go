package scrape

import (
	"slices"
	"time"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// nameSpace says how names change in the exposition that a scrape is written to, and which names that
// already has.
type nameSpace struct {
	scheme naming.Scheme
	taken  *naming.Claims // nil if no name is taken

	// refused gets the points that the sink has not taken.
	refused *Failures

	// owner, if not nil, is set to the owner of each point before the sink gets the point.
	owner *pointOwner

	// sending, if not nil, is how long it has taken so far to send what was written.
	sending *time.Duration
}

// write merges what was collected with the native families and writes it to sink. It returns the first
// error of sink that is not an *[encode.PointError].
func (s *Scrape) write(sink model.Sink, names nameSpace) error {
	start, sentBefore := time.Now(), time.Duration(0)
	if names.sending != nil {
		sentBefore = *names.sending
	}
	in := merge.Input{Select: s.wanted, Scheme: names.scheme, Taken: names.taken}
	total := 0
	for _, p := range s.parts {
		total += len(p.outcomes)
		for _, r := range p.refused {
			s.Failures.add(p.nameOf(r.entry), r.err)
		}
	}
	in.Batches = make([]merge.Batch, 0, total)
	samples := 0
	from := make([]batchOrigin, 0, total) // There is room for all, because of the pointers to its elements.
	var held []heldBy
	add := func(p *part, i int) {
		o := &p.outcomes[i]
		from = append(from, batchOrigin{p: p, e: p.running[i], fresh: o.Source == engine.FromRun})
		b := &from[len(from)-1]
		for _, err := range slices.Concat(o.Dropped.Errors(), collect.FailuresOf(o.Err)) {
			s.Failures.add(b.name(), err)
		}
		samples += o.Count()
		in.Batches = append(in.Batches, merge.Batch{Samples: s.wrapSamples(b, o.Samples)})
		if len(o.Sources) > 0 {
			held = append(held, heldBy{b, o.Sources})
		}
	}
	// Entries with a tolerated error come last, so that they give way to all others.
	for _, tolerated := range [...]bool{false, true} {
		for _, p := range s.parts {
			for i := range p.outcomes {
				if (p.running[i].Tolerates != nil) == tolerated {
					add(p, i)
				}
			}
		}
	}
	natives := s.natives(held)
	in.Natives = natives.list
	ownerOf := func(owner merge.Owner) *batchOrigin {
		if owner.Batch < 0 {
			return natives.held[owner.Native]
		}
		return &from[owner.Batch]
	}
	in.Report = func(f merge.Finding) {
		b := ownerOf(f.Owner)
		switch {
		case b == nil:
			_, panicked := asPanic(f.Err)
			s.Failures.addFailure(&Failure{Collector: f.Native, Err: s.explain(f.Err), Collision: !panicked})
		case b.e.Tolerates == nil || !b.e.Tolerates(f.Err):
			b.dropped += f.Samples
			s.Failures.addFailure(&Failure{Collector: b.name(), Err: s.explain(f.Err), Collision: true})
		}
	}
	if names.refused != nil {
		var at merge.Owner
		in.At = &at
		sink = &lenientSink{Sink: sink, refuse: func(err error) {
			b := ownerOf(at)
			if b == nil {
				names.refused.add(at.Native, err)
				return
			}
			b.dropped++
			names.refused.add(b.name(), err)
		}}
	}
	if names.owner != nil {
		in.At = &names.owner.at
		names.owner.name = func(owner merge.Owner) string {
			if b := ownerOf(owner); b != nil {
				return b.name()
			}
			return owner.Native
		}
	}
	err := merge.Families(in, sink)
	var left amounts
	for _, b := range from {
		if b.fresh && b.dropped > 0 {
			left.add(&b.p.registry.Engine, engine.Amount{Of: b.e.engineCollector, Dropped: b.dropped})
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

// amounts holds the amounts to account for, by engine.
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

// batchOrigin is the origin of a batch of samples.
type batchOrigin struct {
	p       *part
	e       *Entry
	fresh   bool // The batch is from a run for this scrape.
	dropped int  // samples in conflict with others
}

func (b *batchOrigin) name() string { return b.p.nameOf(b.e) }
