package scrape

import (
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// contestedStreams returns the stream collectors with a contested name: they announce a family, and another
// collector may have a family with the same written name. The same is true if, after escaping, another family
// of the stream collector itself may have that name. Their output must be merged with the rest, where a fair
// decision is possible.
//
// It compares only names, because descriptors have no types: any family that does not belong to an instrument
// may be a histogram.
func (s *Scrape) contestedStreams(scheme naming.Scheme) map[job]bool {
	c := contest{scheme: scheme, names: make(map[string]claimants), bases: make(map[string]claimants), contested: make(map[job]bool)}
	before := make(map[claimant]string)
	s.eachAnnounced(func(j job, announced, name string, known bool) {
		switch {
		case !j.entry.Binding.Stream:
		case known:
			c.addStream(j, name)
			if other, ok := before[claimant{j, name}]; ok && other != announced {
				c.contested[j] = true // A reshaper has merged two families.
			}
			before[claimant{j, name}] = announced
		default:
			c.contested[j] = true
		}
	})
	s.eachAnnounced(func(j job, _, name string, known bool) {
		if known {
			c.compare(j, name)
		}
	})
	return c.contested
}

// job is a collector in a part of a scrape.
type job struct {
	part  *part
	entry *Entry
}

// eachAnnounced calls f for each family that a collector has announced, with the announced name and the
// name in this scrape. known reports whether the second one is known.
func (s *Scrape) eachAnnounced(f func(j job, announced, name string, known bool)) {
	for _, p := range s.parts {
		for _, e := range p.plan.entries {
			if e.Binding.Nested != nil {
				continue // Its collectors are in another part.
			}
			for _, d := range e.Announced.List {
				announced := e.Announced.Infos[d].Name
				name, known := p.nameOfFamily(announced)
				if !known || name != "" && (s.wanted == nil || s.wanted(name)) {
					f(job{p, e}, announced, name, known)
				}
			}
		}
	}
}

// contest finds stream collectors whose families may clash with others.
type contest struct {
	scheme    naming.Scheme
	names     map[string]claimants // by the written names of their families
	bases     map[string]claimants // by the written names without the suffix of a series
	contested map[job]bool
}

// claimants are stream collectors with the names of their families before escaping.
type claimants []claimant

type claimant struct {
	stream job
	family string
}

func (c *contest) addStream(stream job, name string) {
	written := c.scheme.Name(name)
	add := func(to map[string]claimants, key string) {
		if one := (claimant{stream, name}); !slices.Contains(to[key], one) {
			to[key] = append(to[key], one)
		}
	}
	add(c.names, written)
	for _, base := range c.basesOf(written) {
		add(c.bases, base)
	}
}

// basesOf returns the names of families that may have a series with the given name.
func (c *contest) basesOf(written string) (bases []string) {
	if base, _, ok := c.scheme.CutSuffix(written); ok {
		bases = append(bases, base)
	}
	if base, ok := cutCreated(c.scheme, written); ok {
		bases = append(bases, base, base+naming.TotalSuffix)
	}
	return bases
}

// compare compares an announced family with the families of the streams.
func (c *contest) compare(j job, name string) {
	written := c.scheme.Name(name)
	for _, other := range c.names[written] {
		if other.stream != j || other.family != name {
			c.lose(j, other)
		}
	}
	for _, base := range c.basesOf(written) {
		c.loseToOthers(j, name == written, c.names[base])
	}
	if !j.entry.isValue(c.scheme) {
		c.loseToOthers(j, name == written, c.bases[written])
	}
}

// loseToOthers calls lose for all of others except j itself. The families of j are written in the order in
// which it sends them, unless a plain name must win over an escaped one.
func (c *contest) loseToOthers(j job, plain bool, others claimants) {
	for _, other := range others {
		if other.stream != j || plain != (c.scheme.Name(other.family) == other.family) {
			c.lose(j, other)
		}
	}
}

// lose makes the output of a stream collector, and of j if it is one, be merged with the rest.
func (c *contest) lose(j job, other claimant) {
	c.contested[other.stream] = true
	if j.entry.Binding.Stream {
		c.contested[j] = true
	}
}

func cutCreated(scheme naming.Scheme, written string) (base string, ok bool) {
	if !scheme.CreatedLines {
		return "", false
	}
	return naming.CutCreated(written)
}

// isValue reports whether all series of an instrument are written under the name of its family. It returns
// false if that is not known.
func (e *Entry) isValue(scheme naming.Scheme) bool {
	if e.Binding.Source == nil {
		return false
	}
	switch e.Binding.Source.Family().Type {
	case model.Counter:
		return !scheme.CreatedLines
	case model.Gauge, model.Untyped, model.Info, model.StateSet:
		return true
	default:
		return false
	}
}

// suffixClash returns an error if e is an instrument with a series that is written under the name of
// another instrument in the registry, or the other way round. It considers only instruments without
// variable labels: a vector has no series yet, and might never have any. Scrapes detect clashes that depend
// on a client's escaping.
func (r *Registry) suffixClash(e *Entry) error {
	f := e.alwaysWritten()
	if f == nil {
		return nil
	}
	var scheme naming.Scheme // has the suffixes that most formats write
	if base, suffix, ok := scheme.CutSuffix(f.Name); ok {
		for _, other := range r.families[base] {
			if g := other.alwaysWritten(); g != nil && slices.Contains(scheme.Suffixes(g.Type), suffix) {
				return &suffixClashError{f, g, f.Name}
			}
		}
	}
	for _, suffix := range scheme.Suffixes(f.Type) {
		for _, other := range r.families[f.Name+suffix] {
			if g := other.alwaysWritten(); g != nil {
				return &suffixClashError{f, g, g.Name}
			}
		}
	}
	return nil
}

// suffixClashError reports that two instruments cannot be registered with the same registry.
type suffixClashError struct {
	family, registered *model.Family
	name               string // name that both are written under
}

func (e *suffixClashError) Error() string {
	return fmt.Sprintf("cannot register the %s %q beside the %s %q, which is registered already: both have a series named %q; rename one of them",
		e.family.Type, e.family.Name, e.registered.Type, e.registered.Name, e.name)
}

// alwaysWritten returns the family of an instrument without variable labels, which is in every scrape. It
// returns nil for all other collectors.
func (e *Entry) alwaysWritten() *model.Family {
	if f, ok := collect.Unwrap(e.Collector).(*instrument.Func); ok && e.Binding.Run != nil {
		family := *f.Family()
		family.Name = e.Announced.Names()[0]
		return &family
	}
	source := e.Binding.Source
	if wrapped, ok := source.(*collect.WrappedSource); ok {
		source = wrapped.Inner
	}
	if !instrument.IsSingle(source) {
		return nil
	}
	return e.Binding.Source.Family()
}
