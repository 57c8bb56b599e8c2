package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// MultiGatherer gathers from many gatherers as if they were one: at the same time,
// under one context, and with a partial result if some of them fail. Errors name the
// gatherer. What the gatherers return is never modified.
//
// It is safe for concurrent use. Gatherers may be registered and deregistered while it
// gathers, which later calls will see.
type MultiGatherer interface {
	GathererWithContext

	// Register adds a gatherer. It is an error if the name is empty or taken, if g
	// is nil, or if the name cannot be used as NewPrefixGatherer and
	// NewLabelGatherer use it.
	Register(name string, g Gatherer) error
	// Deregister removes the gatherer with that name and reports whether there was
	// one.
	Deregister(name string) bool
}

// NewMultiGatherer returns a MultiGatherer that leaves names and labels as they are.
// Where gatherers have a family in common, its series are merged; a series that is
// there already is left out and reported.
func NewMultiGatherer() MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(string) (collect.Wrapping, error) { return collect.Wrapping{}, nil }}
}

// NewPrefixGatherer returns a MultiGatherer that puts the name of the gatherer and an
// underscore before the name of every family.
func NewPrefixGatherer() MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(name string) (collect.Wrapping, error) {
		prefix := name + "_"
		return collect.Wrapping{Prefix: prefix}, clientgolang.Parse(NewDesc(prefix+"x", "", nil, nil)).Err
	}}
}

// NewLabelGatherer returns a MultiGatherer that adds a label, whose value is the name
// of the gatherer, to every series. A family that has the label already is left out
// and reported. If the label's name is not valid, every Register returns an error.
func NewLabelGatherer(label string) MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(name string) (collect.Wrapping, error) {
		labels := Labels{label: name}
		return collect.Wrapping{Labels: labels}, clientgolang.Parse(NewDesc("x", "", nil, labels)).Err
	}}
}

// NewMultiGathererWithContext is NewPrefixGatherer.
func NewMultiGathererWithContext() MultiGatherer { return NewPrefixGatherer() }

// multiGatherer is a registry in which each gatherer is an entry.
type multiGatherer struct {
	registry *scrape.Registry
	wrap     func(name string) (collect.Wrapping, error)
}

func (m *multiGatherer) Register(name string, g Gatherer) error {
	if name == "" {
		return errors.New("cannot register a gatherer without a name")
	}
	w, err := m.wrap(name)
	if err != nil {
		return fmt.Errorf("cannot register a gatherer named %q: %w", name, err)
	}
	return addGatherer(m.registry, name, g, w)
}

func (m *multiGatherer) Deregister(name string) bool { return m.registry.UnregisterNamed(name) }

func (m *multiGatherer) Gather() ([]*MetricFamily, error) {
	return m.registry.Gather(context.Background())
}

func (m *multiGatherer) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return m.registry.Gather(ctx)
}

// NewShardedGatherer returns a gatherer of everything that the shards gather: at the
// same time, and with a partial result if some of them fail. Errors name the shard by
// its position. A nil shard panics.
func NewShardedGatherer(shards ...GathererWithContext) GathererWithContext {
	r := NewContextRegistry()
	for i, shard := range shards {
		mustAddGatherer(r.core, fmt.Sprintf("shard %d", i), shard)
	}
	return r
}

// MakeAndRegister makes a registry and registers it with g. Its errors are those of
// Register.
func MakeAndRegister(g MultiGatherer, name string) (*ContextRegistry, error) {
	r := NewContextRegistry()
	if err := g.Register(name, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Gatherers gathers from each of them at the same time; see NewMultiGatherer. Errors
// name the gatherer by its position. It is a type that client_golang has, too, and that
// one is treated alike where a function of this package takes a Gatherer.
//
// Which gatherer has not returned is known from call to call, and to all Gatherers and
// handlers that have it: until it returns, it fails with ErrStillRunning. That takes a
// gatherer that can be compared, such as a pointer, or a function that is not made anew
// for each call. A handler looks at the elements once, when it is made.
type Gatherers []Gatherer

// Gather gathers with the background context. Its errors have the text that
// client_golang's have: see GatherError.WithoutNames.
func (gs Gatherers) Gather() ([]*MetricFamily, error) {
	families, err := gs.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// GatherWithContext gathers from all that are not nil.
func (gs Gatherers) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return gs.registry(nil).Gather(ctx)
}

var errGathererCycle = errors.New("the Gatherers contain themselves")

// registry returns a registry of all that are not nil. around are the Gatherers that
// contain these. A gatherer that cannot be used fails in every scrape.
func (gs Gatherers) registry(around []Gatherers) *scrape.Registry {
	r := scrape.NewRegistry(gatherError)
	for i, g := range gs {
		if g == nil {
			continue
		}
		err := checkGatherer(g)
		if members, ok := asGatherers(g); ok && slices.ContainsFunc(append(around, gs), members.isSame) {
			err = errGathererCycle
		}
		if err != nil {
			g = &failingGatherer{err}
		}
		e := nestedEntry(registryIn(append(slices.Clip(around), gs), g, collect.Wrapping{}), collect.Wrapping{})
		e.Number = fmt.Sprintf("[from Gatherer #%d]", i+1)
		if err := r.Register(e, e.Number); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	return r
}

// isSame reports whether other has the same memory.
func (gs Gatherers) isSame(other Gatherers) bool {
	return len(gs) > 0 && len(gs) == len(other) && &gs[0] == &other[0]
}

// asGatherers returns g as Gatherers if it is a slice of gatherers, of this package or
// client_golang's.
func asGatherers(g Gatherer) (Gatherers, bool) {
	switch g := g.(type) {
	case Gatherers:
		return g, true
	case prometheus.Gatherers:
		return Gatherers(g), true
	default:
		return nil, false
	}
}

// failingGatherer fails.
type failingGatherer struct{ err error }

func (g *failingGatherer) Gather() ([]*MetricFamily, error) { return nil, g.err }

// registryFor returns a registry that gathers what g does. It panics if g is nil.
func registryFor(g Gatherer) *scrape.Registry {
	if err := checkGatherer(g); err != nil {
		panic(fmt.Errorf("cannot serve what a nil Gatherer gathers: pass a registry or another Gatherer that is not nil: %w", err))
	}
	return registryIn(nil, g, collect.Wrapping{})
}

// registryIn is registryFor inside of Gatherers. The wrapping is used if g is no registry.
func registryIn(around []Gatherers, g Gatherer, w collect.Wrapping) *scrape.Registry {
	if r := registryBehind(g); r != nil {
		return r
	}
	if members, ok := asGatherers(g); ok {
		return members.registry(around)
	}
	b := scrape.Binding{Kind: "gatherer"}
	if b.Run, b.Refuse = collect.RunOf(g); b.Run == nil {
		if withContext, ok := g.(GathererWithContext); ok {
			b.Run = collect.RunGatherer(withContext.GatherWithContext)
		} else {
			b.Run, b.Shared = collect.RunGatherer(collect.IgnoreContext(g.Gather)), true
		}
	}
	return hostOfGatherer(g, b, w)
}

// hostOfGatherer returns the registry that runs a gatherer which is no registry.
func hostOfGatherer(g any, b scrape.Binding, w collect.Wrapping) *scrape.Registry {
	e := &scrape.Entry{Origin: originOf(g), Announced: &collect.Announced{}, Binding: b.Wrap(w), Hosted: true}
	e.Fallback = defaultName(e, g)
	return scrape.HostOf(e, g, w, gatherError)
}

// registryBehind returns the registry that g is, or that does its work.
func registryBehind(g Gatherer) *scrape.Registry {
	switch g := g.(type) {
	case *ContextRegistry:
		return g.core
	case *multiGatherer:
		return g.registry
	default:
		return scrape.RegistryBehind(g)
	}
}

// gatherBounded gathers from g and returns when ctx is done, whatever g does.
func gatherBounded(ctx context.Context, g GathererWithContext) ([]*MetricFamily, error) {
	if err := checkGatherer(g); err != nil {
		return nil, err
	}
	return registryIn(nil, g, collect.Wrapping{}).Gather(ctx)
}

// addGatherer adds a gatherer with wrappings around it.
func addGatherer(r *scrape.Registry, name string, g Gatherer, w collect.Wrapping) error {
	e, err := entryOf(g, w)
	if err != nil {
		return err
	}
	return r.Register(e, name)
}

// entryOf returns the entry of a gatherer with a wrapping around it.
func entryOf(g Gatherer, w collect.Wrapping) (*scrape.Entry, error) {
	if err := checkGatherer(g); err != nil {
		return nil, err
	}
	if w.Reshape != nil {
		// Around the host, not in it: one run of the gatherer serves all that reshape it.
		return nestedEntry(registryIn(nil, g, collect.Wrapping{}), w), nil
	}
	nested := registryIn(nil, g, w)
	if nested.Host {
		w = collect.Wrapping{} // It has the wrapping already.
	}
	return nestedEntry(nested, w), nil
}

// nestedEntry returns the entry of a registry to gather from.
func nestedEntry(nested *scrape.Registry, w collect.Wrapping) *scrape.Entry {
	e := &scrape.Entry{Announced: &collect.Announced{}, Binding: scrape.Binding{Kind: "registry", Nested: nested}}
	if nested.Host {
		e.Binding.Kind = "gatherer"
	}
	if !w.IsZero() {
		e.Binding = e.Binding.Wrap(w)
	}
	e.Fallback = defaultName(e, nil)
	return e
}

func init() {
	scrape.RegistryOf, scrape.EntryOf = registryBehind, entryOf
}

func mustAddGatherer(r *scrape.Registry, name string, g Gatherer) {
	if err := addGatherer(r, name, g, collect.Wrapping{}); err != nil {
		panic(err)
	}
}
