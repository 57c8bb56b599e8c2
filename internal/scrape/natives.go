package scrape

import (
	"cmp"
	"fmt"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// natives are families that are read while they are written.
type natives struct {
	list   []merge.Native
	byName map[string]int          // indexes of list
	held   map[string]*batchOrigin // runs that have handed over some of them, by owner
}

// add adds a source, and reports whether its family has the type of earlier ones with its name. The error
// says how it differs from them.
func (n *natives) add(owner string, source model.Source) (taken bool, err error) {
	f := source.Family()
	i, known := n.byName[f.Name]
	if !known {
		if n.byName == nil {
			n.byName = make(map[string]int)
		}
		n.byName[f.Name] = len(n.list)
		n.list = append(n.list, merge.Native{Family: f, Sources: []model.Source{source}, Owners: []string{owner}})
		return true, nil
	}
	have := &n.list[i]
	if have.Family.Type == f.Type { // Other differences cost no sample.
		have.Sources, have.Owners = append(have.Sources, source), append(have.Owners, owner)
		taken = true
	}
	return taken, merge.Conflict(f, have.Family)
}

func (n *natives) sort() {
	order.By(n.list, func(a, b merge.Native) int { return cmp.Compare(a.Family.Name, b.Family.Name) })
}

// heldBy holds families that a run has handed over.
type heldBy struct {
	by      *batchOrigin
	sources []model.Source
}

// natives returns the native families of all parts and those that runs have handed over.
func (s *Scrape) natives(held []heldBy) *natives {
	for _, p := range s.parts {
		for _, c := range p.plan.conflicts {
			s.Failures.add(c.Collector, c.Err)
		}
	}
	if p := s.parts[0]; len(s.parts) == 1 && len(held) == 0 && p.registry.Self.Load() == nil && p.registry.Report == nil {
		return &natives{list: p.plan.natives}
	}
	all := new(natives)
	for _, p := range s.parts {
		s.addNatives(all, p)
	}
	for _, h := range held {
		s.addHeld(all, h)
	}
	all.sort()
	return all
}

// addNatives adds the native families of a part.
func (s *Scrape) addNatives(all *natives, p *part) {
	s.addOf(all, p, p.plan.natives)
	if self := p.registry.Self.Load(); self != nil {
		s.addOf(all, p, self.natives(p, p.took))
	}
	if report := p.registry.Report; report != nil {
		for _, source := range report(p.results()) {
			s.addNative(all, p, source.Family().Name, source)
		}
	}
}

// addOf adds some of the native families of a part.
func (s *Scrape) addOf(all *natives, p *part, list []merge.Native) {
	for _, n := range list {
		for i, source := range n.Sources {
			owner := n.Family.Name
			if n.Owners != nil {
				owner = n.Owners[i]
			}
			s.addNative(all, p, owner, source)
		}
	}
}

// addNative adds a native family of a part.
func (s *Scrape) addNative(all *natives, p *part, owner string, source model.Source) {
	name := p.name + owner
	wrapped := p.wrapNative(source, func(_ int, err error) {
		s.Failures.addFailure(&Failure{Collector: name, Err: err, Gatherers: p.gatherers})
	})
	for _, source := range wrapped {
		if _, err := all.add(name, source); err != nil {
			s.Failures.add(name, err)
		}
	}
}

// addHeld adds the families that a run has handed over.
func (s *Scrape) addHeld(all *natives, h heldBy) {
	name := h.by.name()
	if all.held == nil {
		all.held = make(map[string]*batchOrigin)
	}
	all.held[name] = h.by
	for _, source := range h.sources {
		wrapped := h.by.p.wrapNative(source, func(n int, err error) {
			h.by.dropped += n
			s.Failures.add(name, err)
		})
		for _, source := range wrapped {
			taken, err := all.add(name, source)
			if !taken {
				h.by.dropped += model.LenOf(source)
			}
			if err != nil {
				s.Failures.addFailure(&Failure{Collector: name, Err: err, Collision: true})
			}
		}
	}
}

// wrapNative applies the wrappings of a part to a native family. It calls report for series that are left
// out, with their number and the reason.
func (p *part) wrapNative(source model.Source, report func(n int, err error)) []model.Source {
	sources := []model.Source{source}
	for _, w := range p.wrappings {
		var wrapped []model.Source
		for _, source := range sources {
			if w.Reshape != nil {
				wrapped = append(wrapped, w.Reshape.Sources(source, report)...)
				continue
			}
			one, err := w.Around(source)
			if err != nil {
				report(model.LenOf(source), err)
				continue
			}
			wrapped = append(wrapped, one)
		}
		sources = wrapped
	}
	return sources
}

// wrapSamples applies the wrappings of a part to samples of one of its collectors, and counts those that
// are left out.
func (s *Scrape) wrapSamples(b *batchOrigin, samples []model.Sample) []model.Sample {
	for _, w := range b.p.wrappings {
		more := 0 // samples left out for reasons that are reported with another one
		samples = w.Samples(samples, func(n int, err error) {
			b.dropped += n
			if err != nil {
				s.Failures.add(b.name(), err)
			} else {
				more += n
			}
		})
		if more > 0 && w.Reshape != nil { // With other wrappings, the error is about a family.
			s.Failures.add(b.name(), fmt.Errorf("%d more samples were left out", more))
		}
	}
	return samples
}
