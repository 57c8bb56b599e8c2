package metric

import (
	"context"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// Registry is the registry: an alias, for code that comes from client_golang.
type Registry = ContextRegistry

// ContextRegistry registers collectors and gathers from them, all at once and under
// the context of the scrape. Create one with NewContextRegistry.
//
// A collector that is slow, stuck, panics or sends nonsense costs only itself: the
// rest is gathered, on time, and a *GatherError tells what is missing.
//
// It is safe for concurrent use. While it gathers, no lock is held: collectors may be
// registered and unregistered meanwhile, which later scrapes will see.
type ContextRegistry struct{ core *scrape.Registry }

// NewContextRegistry returns a registry without collectors.
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

// open returns what is behind the door, or an error if r is nil or was not made by
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

// NewPedanticContextRegistry returns a registry that also checks that collected
// metrics agree with the descriptors that they name, and that their collectors have
// announced those. Unchecked collectors are exempt. It is meant for tests of
// collectors.
func NewPedanticContextRegistry(opts ...RegistryOption) *ContextRegistry {
	r := NewContextRegistry(opts...)
	r.core.Pedantic = true
	return r
}

// NewRegistry is NewContextRegistry under client_golang's name.
func NewRegistry() *Registry { return NewContextRegistry() }

// NewPedanticRegistry is NewPedanticContextRegistry under client_golang's name.
func NewPedanticRegistry() *Registry { return NewPedanticContextRegistry() }

// Register implements Registerer. Its errors are client_golang's; in addition, it is
// an error if c is a nil pointer or function, if Describe panics, if a StreamCollector
// describes nothing or has a family in common with another collector, and if an
// instrument without variable labels has the name of a series that another one is
// written as, as a counter lat_count beside a histogram lat: no scrape could have both.
func (r *ContextRegistry) Register(c Collector) error { return r.RegisterWith(c) }

// MustRegister registers collectors and panics at the first that cannot be.
func (r *ContextRegistry) MustRegister(cs ...Collector) { mustRegister(r, cs) }

// mustRegister is the MustRegister of a Registerer.
func mustRegister(reg Registerer, cs []Collector) {
	for _, c := range cs {
		if err := reg.Register(c); err != nil {
			panic(err)
		}
	}
}

// RegisterWith is Register with options for how the collector is run. In addition, it is
// an error if the value of an option is not valid, if the name is taken, and if a policy
// is asked for that cannot be applied; see CollectorOption.
func (r *ContextRegistry) RegisterWith(c Collector, opts ...CollectorOption) error {
	core, err := r.open()
	if err != nil {
		return fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	return registerIn(core, c, opts)
}

// MustRegisterWith is [ContextRegistry.RegisterWith], but panics where that returns an error.
func (r *ContextRegistry) MustRegisterWith(c Collector, opts ...CollectorOption) {
	if err := r.RegisterWith(c, opts...); err != nil {
		panic(err)
	}
}

// ReplaceNamed registers c in the place of the collector that is registered under this
// name, if there is one: every scrape has the one or the other. If c cannot be
// registered, nothing changes.
func (r *ContextRegistry) ReplaceNamed(name string, c Collector, opts ...CollectorOption) error {
	core, err := r.open()
	if err != nil {
		return fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	return replaceNamedIn(core, name, c, append(slices.Clip(opts), WithName(name)))
}

// Unregister removes a collector and reports whether it was registered. It finds the very
// collector that was registered, also behind the same wrappings, whatever that describes now,
// and if there is none, one with the same descriptors. A collector that describes nothing and
// is not comparable can only be removed by its name; see [ContextRegistry.UnregisterNamed].
// Scrapes under way still have the collector.
func (r *ContextRegistry) Unregister(c Collector) bool {
	core, err := r.open()
	return err == nil && unregisterIn(core, c)
}

// UnregisterNamed removes the collector of that name, which may be one that the registry has
// chosen; see [WithName]. It reports whether there was one. Scrapes under way still have it.
func (r *ContextRegistry) UnregisterNamed(name string) bool {
	core, err := r.open()
	return err == nil && core.UnregisterNamed(name)
}

// Gather gathers with the background context: it waits for every collector. See
// GatherWithContext. Its errors have the text that client_golang's have, without the
// names of the collectors: see GatherError.WithoutNames.
func (r *ContextRegistry) Gather() ([]*MetricFamily, error) {
	families, err := r.GatherWithContext(context.Background())
	return families, inPlainWords(err)
}

// MustGather is Gather, but panics where that returns an error.
func (r *ContextRegistry) MustGather() []*MetricFamily {
	families, err := r.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

// GatherWithContext gathers from all collectors at once and returns when all have
// finished or ctx is done, whichever is earlier. What has arrived by then is
// returned, together with a *GatherError if something is missing. For every collector
// that did not finish, errors.Is finds ctx's error in it.
//
// The families belong to the caller, who may change everything but what the label pairs
// and values of a metric hold: these may be what a collector of others has written, and
// keeps for the next scrape, as with client_golang.
//
// Collectors that can take a context get one that ends a little before ctx. A collector that
// ignores it is left behind at the deadline, and is not started again before it returns;
// until then, it fails at once with ErrStillRunning.
//
// Instruments of this package cannot hang. They are read to the end, even if ctx is done.
func (r *ContextRegistry) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	core, err := r.open()
	if err != nil {
		return nil, err
	}
	return core.Gather(ctx)
}

// Describe sends the descriptors of all collectors that have some, so that a registry can be
// registered as a collector with another one.
func (r *ContextRegistry) Describe(ch chan<- *Desc) {
	core, err := r.open()
	if err != nil {
		ch <- NewInvalidDesc(err)
		return
	}
	core.Describe(ch)
}

// Collect collects with the background context; see CollectWithContext.
func (r *ContextRegistry) Collect(ch chan<- Metric) {
	r.CollectWithContext(context.Background(), ch)
}

// CollectWithContext gathers and sends what has been gathered as metrics, and what
// has gone wrong as invalid ones. It serves registries of client_golang; registries
// of this package look into one that is registered with them.
func (r *ContextRegistry) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	core, err := r.open()
	if err != nil {
		collect.SendUntil(ctx, ch, NewInvalidMetric(NewInvalidDesc(err), err))
		return
	}
	core.Send(ctx, ch)
}
