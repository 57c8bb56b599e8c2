package metric

import (
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/descs"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/scrape"
)

// registerIn registers a collector with a registry and applies options to it.
func registerIn(r *scrape.Registry, c Collector, opts []CollectorOption) error {
	e, name, err := newEntry(r.Pedantic, c, opts)
	if err != nil {
		return err
	}
	return forAsker(c, r.Register(e, name))
}

// replaceNamedIn registers c and removes the collector that had the name, if any.
func replaceNamedIn(r *scrape.Registry, name string, c Collector, opts []CollectorOption) error {
	e, _, err := newEntry(r.Pedantic, c, opts)
	if err != nil {
		return err
	}
	return forAsker(c, r.ReplaceNamed(name, e))
}

// unregisterIn removes c or, if c itself is not registered, a collector with the same descriptors.
// It reports whether it has removed one.
func unregisterIn(r *scrape.Registry, c Collector) bool {
	c = localized(c, nil)
	if checkCollector(c) != nil {
		return false
	}
	same := func(other Collector) bool { return isSame(collect.Unwrap(other), collect.Unwrap(c)) }
	return r.Unregister(registrationOf(c), same, func() ([]descs.Desc, error) {
		announced, err := collect.Describe(c)
		if err != nil {
			return nil, err
		}
		return announced.Descriptors(), nil
	})
}

// newEntry returns an entry that is not registered yet, and the name that the options set.
func newEntry(pedantic bool, c Collector, opts []CollectorOption) (*scrape.Entry, string, error) {
	c = localized(c, func(carrier *optionsCarrier) {
		opts = slices.Concat(carrier.opts, opts)
		carrier.applied.Store(true)
	})
	if err := checkCollector(c); err != nil {
		return nil, "", err
	}
	asked, err := config(opts)
	if err != nil {
		return nil, "", fmt.Errorf("cannot register %s: %w", called(c), err)
	}
	announced, err := collect.Describe(c)
	if failed, ok := err.(*collect.DescribeError); ok { //nolint:errorlint // A wrapped one does not count.
		return nil, "", fmt.Errorf("describing collector %s: %w", called(failed.Collector), failed.Err)
	}
	if err != nil {
		return nil, "", err
	}
	announced.Pedantic = pedantic && len(announced.List) > 0
	e := &scrape.Entry{
		Collector: c, Origin: originOf(c), ID: registrationOf(c), Announced: announced, Described: announced.Descriptors(),
		Binding: bind(c, announced), Policies: asked.asked, Several: asked.several, Called: func() string { return called(c) },
	}
	e.Fallback = defaultName(e, c)
	if wrapped, ok := e.Binding.Source.(*collect.WrappedSource); ok {
		if err := wrapped.Check(); err != nil {
			return nil, "", fmt.Errorf("cannot register %s: %w", called(c), err)
		}
	}
	if len(asked.asked) > 0 {
		if e.Binding.Run == nil {
			return nil, "", fmt.Errorf("cannot register %s with %q: policies are for collectors that run user code, not for %s",
				called(c), asked.asked, e.Binding.Article())
		}
		e.Policy = &asked.policy
	}
	return e, asked.name, nil
}

// bind determines how the registry collects from c. It recognizes the instruments of this package by their
// concrete types. A user's struct that embeds one and overrides Collect is not recognized.
func bind(c Collector, announced *collect.Announced) scrape.Binding {
	if run, refuse := collect.RunOf(c); run != nil {
		return scrape.Binding{Kind: "gatherer", Run: run, Refuse: refuse}
	}
	if r := scrape.RegistryBehind(c); r != nil {
		return scrape.Binding{Kind: "registry", Nested: r}
	}
	switch c := c.(type) {
	case *collect.Wrapped:
		return bind(c.Collector, announced.Inner).Wrap(c.Wrapping)
	case *ContextRegistry:
		return scrape.Binding{Kind: "registry", Nested: c.core}
	case *collectorAdapter:
		if inner := adapted(c); inner != nil {
			return bind(inner, announced)
		}
		return scrape.Binding{Kind: "collector with context", Run: collect.RunWithContext(c, announced)}
	case StreamCollector:
		return scrape.Binding{Kind: "stream collector", Run: collect.RunStream(streamOf(c), announced), Stream: !isUncheckedStream(c)}
	case CollectorWithContext:
		return scrape.Binding{Kind: "collector with context", Run: collect.RunWithContext(c, announced)}
	}
	if f, ok := c.(*instrument.Func); ok {
		return scrape.Binding{Kind: "function", Run: f.Run, Shared: true}
	}
	if source := instrument.SourceOf(c); source != nil {
		return scrape.Binding{Kind: "instrument", Source: source}
	}
	return scrape.Binding{Kind: "collector", Run: collect.RunPlain(c, announced), Shared: true}
}

// adapted returns the collector behind an adapter if the registry can run it without the adapter, and nil
// otherwise. The registry treats some types, such as instruments, differently from other collectors. An
// instrument cannot have policies, for example, so the registry must run the adapter.
func adapted(a *collectorAdapter) Collector {
	switch a.collector.(type) {
	case *collect.Wrapped, *collectorAdapter, *ContextRegistry, StreamCollector:
		return nil
	}
	if instrument.SourceOf(a.collector) != nil {
		return nil
	}
	return a.collector
}

// vectorIn returns the instrument.Core of the vector that c is or embeds, ignoring wrappings. It returns
// nil if c has no vector of this package.
func vectorIn(c Collector) (core any) {
	v, ok := collect.Unwrap(c).(interface{ anyCore() any })
	if !ok {
		return nil
	}
	defer func() { _ = recover() }() // The embedded vector may be nil.
	return v.anyCore()
}
