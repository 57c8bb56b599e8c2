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

// MultiGatherer joins named gatherers. It gathers from all of them at the same time, under one
// context, and returns a partial result if some of them fail. Errors name the gatherer. A
// MultiGatherer never modifies the families that its gatherers return.
//
// The package overview lists other ways to join gatherers.
//
// A MultiGatherer is safe for concurrent use. Gatherers may be registered and deregistered while it
// gathers; only later calls see the change.
type MultiGatherer interface {
	GathererWithContext

	// Register adds a gatherer. It returns an error if g is nil, if name is empty or taken, or if
	// NewPrefixGatherer or NewLabelGatherer cannot use name as a prefix or label value.
	Register(name string, g Gatherer) error
	// Deregister removes the gatherer with that name and reports whether there was one.
	Deregister(name string) bool
}

// NewMultiGatherer returns a [MultiGatherer] that leaves names and labels as they are. If gatherers
// have a family in common, it merges their series. It leaves out and reports a series that another
// gatherer already has.
func NewMultiGatherer() MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(string) (collect.Wrapping, error) { return collect.Wrapping{}, nil }}
}

// NewPrefixGatherer returns a [MultiGatherer] that prefixes the name of every family with the name
// of its gatherer and an underscore.
func NewPrefixGatherer() MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(name string) (collect.Wrapping, error) {
		prefix := name + "_"
		return collect.Wrapping{Prefix: prefix}, clientgolang.Parse(NewDesc(prefix+"x", "", nil, nil)).Err
	}}
}

// NewLabelGatherer returns a [MultiGatherer] that adds a label to every series. The value of the label
// is the name of the gatherer. It leaves out and reports a family that already has the label. If the
// name of the label is not valid, every call of Register returns an error.
func NewLabelGatherer(label string) MultiGatherer {
	return &multiGatherer{scrape.NewRegistry(gatherError), func(name string) (collect.Wrapping, error) {
		labels := Labels{label: name}
		return collect.Wrapping{Labels: labels}, clientgolang.Parse(NewDesc("x", "", nil, labels)).Err
	}}
}

// NewMultiGathererWithContext is another name for [NewPrefixGatherer].
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

// NewShardedGatherer returns a gatherer that joins shards whose number and order are fixed. It
// gathers from all of them at the same time, and returns a partial result if some of them fail.
// Errors name the shard by its position. NewShardedGatherer panics if a shard is nil.
func NewShardedGatherer(shards ...GathererWithContext) GathererWithContext {
	r := NewContextRegistry()
	for i, shard := range shards {
		mustAddGatherer(r.core, fmt.Sprintf("shard %d", i), shard)
	}
	return r
}

// MakeAndRegister makes a registry and registers it with g. It returns the errors of
// [MultiGatherer].Register.
func MakeAndRegister(g MultiGatherer, name string) (*ContextRegistry, error) {
	r := NewContextRegistry()
	if err := g.Register(name, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Gatherers joins the gatherers in a slice, as client_golang's type of that name does. It gathers
// from all of them at the same time, and merges their families as [NewMultiGatherer] does. Errors
// name the gatherer by its position. Functions of this package that take a Gatherer treat
// client_golang's Gatherers in the same way.
//
// If a call of a gatherer has outlived its scrape, the gatherer fails with [ErrStillRunning] until
// the call returns, in all Gatherers and handlers that contain the gatherer. This requires a gatherer
// that is comparable, such as a pointer, or a function that is not created anew for each call. A
// handler reads the elements once, when it is made.
type Gatherers []Gatherer

// Gather gathers with the background context. Its errors have the text of client_golang's; see
// [GatherError.WithoutNames].
func (gs Gatherers) Gather() ([]*MetricFamily, error) {
	families, err := gs.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// GatherWithContext gathers from all elements that are not nil.
func (gs Gatherers) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return gs.registry(nil).Gather(ctx)
}

var errGathererCycle = errors.New("the Gatherers contain themselves")

// registry returns a registry of all elements that are not nil. around are the Gatherers that
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

// isSame reports whether gs and other share their memory.
func (gs Gatherers) isSame(other Gatherers) bool {
	return len(gs) > 0 && len(gs) == len(other) && &gs[0] == &other[0]
}

// asGatherers returns g as Gatherers if it is a slice of gatherers of this package or
// client_golang.
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

// failingGatherer always fails.
type failingGatherer struct{ err error }

func (g *failingGatherer) Gather() ([]*MetricFamily, error) { return nil, g.err }

// registryFor returns a registry that gathers from g. It panics if g is nil.
func registryFor(g Gatherer) *scrape.Registry {
	if err := checkGatherer(g); err != nil {
		panic(fmt.Errorf("cannot serve a nil Gatherer: pass a registry, for example: %w", err))
	}
	return registryIn(nil, g, collect.Wrapping{})
}

// registryIn is registryFor within Gatherers. It uses the wrapping only if g is not a registry.
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

// hostOfGatherer returns the registry that runs a gatherer that is not a registry.
func hostOfGatherer(g any, b scrape.Binding, w collect.Wrapping) *scrape.Registry {
	e := &scrape.Entry{Origin: originOf(g), Announced: &collect.Announced{}, Binding: b.Wrap(w), Hosted: true}
	e.Fallback = defaultName(e, g)
	return scrape.HostOf(e, g, w, gatherError)
}

// registryBehind returns the registry that g is or that does the work of g, or nil.
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

// gatherBounded gathers from g and returns when ctx is done, even if g is still running.
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
		// The wrapping is around the host, not in it, so one run of the gatherer serves all wrappings.
		return nestedEntry(registryIn(nil, g, collect.Wrapping{}), w), nil
	}
	nested := registryIn(nil, g, w)
	if nested.Host {
		w = collect.Wrapping{} // The host has the wrapping already.
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
