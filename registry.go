package metric

import (
	"context"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// Registry is an alias of [ContextRegistry] under client_golang's name.
type Registry = ContextRegistry

// ContextRegistry registers collectors and gathers from all of them at once, under the context of
// the scrape. Create one with [NewContextRegistry].
//
// A collector that is slow, stuck, panics or sends invalid samples costs only its own metrics. The
// registry gathers the rest on time, and a [*GatherError] says what is missing.
//
// A ContextRegistry is also a [Collector]: it can be registered with another registry, which then
// gathers from its collectors under the same context.
//
// It is safe for concurrent use. It holds no lock while it gathers: collectors may be registered
// and unregistered meanwhile, and later scrapes see the change.
type ContextRegistry struct{ core *scrape.Registry }

// NewContextRegistry returns a registry without collectors. It panics if an option is nil.
func NewContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := &ContextRegistry{scrape.NewRegistry(gatherError)}
	for i, opt := range opts {
		if collect.IsNil(opt) {
			panic(fmt.Errorf("option %d of a registry is nil (%T)", i+1, opt))
		}
		opt.applyToRegistry(r.core)
	}
	return r
}

// open returns the core of the registry, or an error if r is nil or was not made by
// NewContextRegistry.
func (r *ContextRegistry) open() (*scrape.Registry, error) {
	switch {
	case r == nil:
		return nil, fmt.Errorf("the %T is nil: make one with NewContextRegistry", r)
	case r.core == nil:
		return nil, fmt.Errorf("the %T is a zero value: make one with NewContextRegistry", r)
	default:
		return r.core, nil
	}
}

// NewPedanticContextRegistry returns a registry that also checks that collected metrics agree with
// their descriptors, and that their collectors have announced those. Unchecked collectors are
// exempt. It is meant for tests of collectors.
func NewPedanticContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := NewContextRegistry(opts...)
	r.core.Pedantic = true
	return r
}

// NewRegistry is [NewContextRegistry] under client_golang's name, without options.
func NewRegistry() *Registry { return NewContextRegistry() }

// NewPedanticRegistry is [NewPedanticContextRegistry] under client_golang's name, without options.
func NewPedanticRegistry() *Registry { return NewPedanticContextRegistry() }

// Register implements [Registerer]. It returns the errors of client_golang, such as
// [AlreadyRegisteredError]. In addition, it returns an error
//
//   - if c is a nil pointer or function;
//   - if Describe panics;
//   - if a [StreamCollector] describes nothing, or has a family in common with another collector;
//   - if an instrument without variable labels has the name of a series of another instrument, such as
//     a counter lat_count beside a histogram lat: no scrape could have both.
func (r *ContextRegistry) Register(c Collector) error { return r.RegisterWith(c) }

// MustRegister registers collectors. It panics at the first one that cannot be registered; those
// before it stay registered.
func (r *ContextRegistry) MustRegister(cs ...Collector) { mustRegister(r, cs) }

// mustRegister implements MustRegister of a Registerer.
func mustRegister(reg Registerer, cs []Collector) {
	for _, c := range cs {
		if err := reg.Register(c); err != nil {
			panic(err)
		}
	}
}

// RegisterWith is like [ContextRegistry.Register], with options for how the collector is run. It
// also returns an error if the value of an option is not valid, if the name is taken, or if a
// policy cannot be applied; see [CollectorOption].
func (r *ContextRegistry) RegisterWith(c Collector, opts ...CollectorOption) error {
	core, err := r.open()
	if err != nil {
		return fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	return registerIn(core, c, opts)
}

// MustRegisterWith is like [ContextRegistry.RegisterWith], but panics where that returns an error.
func (r *ContextRegistry) MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := r.RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// ReplaceNamed registers c under this name, in place of the collector that has it, if there is one.
// Every scrape has either the old collector or the new one. If c cannot be registered, ReplaceNamed
// changes nothing and returns an error; see [ContextRegistry.RegisterWith].
func (r *ContextRegistry) ReplaceNamed(name string, c Collector, opts ...CollectorOption) error {
	core, err := r.open()
	if err != nil {
		return fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	return replaceNamedIn(core, name, c, append(slices.Clip(opts), WithName(name)))
}

// Unregister removes a collector and reports whether it was registered. It finds the collector by
// its identity, also behind the same wrappings, even if it describes other families by now. If that
// fails, it removes a collector with the same descriptors. A collector that describes nothing and
// is not comparable can only be removed by its name; see [ContextRegistry.UnregisterNamed]. Scrapes
// under way still have the collector.
func (r *ContextRegistry) Unregister(c Collector) bool {
	core, err := r.open()
	return err == nil && unregisterIn(core, c)
}

// UnregisterNamed removes the collector with that name and reports whether there was one. The name
// may be one that the registry has chosen; see [WithName]. Scrapes under way still have the
// collector.
func (r *ContextRegistry) UnregisterNamed(name string) bool {
	core, err := r.open()
	return err == nil && core.UnregisterNamed(name)
}

// Gather gathers with the background context: it waits for every collector. See
// [ContextRegistry.GatherWithContext]. Its errors have the same text as in client_golang, without
// the names of the collectors; see [GatherError.WithoutNames].
func (r *ContextRegistry) Gather() ([]*MetricFamily, error) {
	families, err := r.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// MustGather is like [ContextRegistry.Gather], but panics where that returns an error.
func (r *ContextRegistry) MustGather() []*MetricFamily {
	families, err := r.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

// GatherWithContext gathers from all collectors at once. It returns as soon as all have finished or
// ctx is done. The families are those that have arrived by then, sorted by name, together with a
// [*GatherError] if something is missing. For every collector that did not finish, errors.Is finds
// the error of ctx in it.
//
// The families belong to the caller, who may change everything except the contents of label pairs
// and values. As with client_golang, a collector of another package may have written these and may
// keep them for the next scrape.
//
// Collectors that take a context get one that ends a little before ctx. A collector that ignores it
// is left behind at the deadline. It is not started again until it returns, and fails at once with
// [ErrStillRunning] until then.
//
// Instruments of this package cannot hang. They are read to the end, even if ctx is done.
func (r *ContextRegistry) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	core, err := r.open()
	if err != nil {
		return nil, err
	}
	return core.Gather(ctx)
}

// Describe implements [Collector]. It sends the descriptors of all collectors that have some.
func (r *ContextRegistry) Describe(ch chan<- *Desc) {
	core, err := r.open()
	if err != nil {
		ch <- NewInvalidDesc(err)
		return
	}
	core.Describe(ch)
}

// Collect collects with the background context; see [ContextRegistry.CollectWithContext].
func (r *ContextRegistry) Collect(ch chan<- Metric) {
	r.CollectWithContext(context.Background(), ch)
}

// CollectWithContext implements [CollectorWithContext] for registries of client_golang. It gathers,
// and sends the result as metrics and the failures as invalid metrics. Registries of this package
// do not call it: they run the collectors of a registry that is registered with them.
func (r *ContextRegistry) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	core, err := r.open()
	if err != nil {
		collect.SendUntil(ctx, ch, NewInvalidMetric(NewInvalidDesc(err), err))
		return
	}
	core.Send(ctx, ch)
}
