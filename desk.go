package metric

import (
	"errors"
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
)

var errNilCollector = errors.New("cannot register a nil Collector")

// registerIn registers a collector with a registry, with options for how it is run.
func registerIn(r *core, c Collector, opts []CollectorOption) error {
	e, name, err := newEntry(r.pedantic, c, opts)
	if err != nil {
		return err
	}
	return forAsker(c, r.register(e, name))
}

// replaceNamedIn registers c in the place of the collector of that name, if there is one.
func replaceNamedIn(r *core, name string, c Collector, opts []CollectorOption) error {
	e, _, err := newEntry(r.pedantic, c, opts)
	if err != nil {
		return err
	}
	return forAsker(c, r.replaceNamed(name, e))
}

// unregisterIn removes the very collector that was registered, or else one with the same
// descriptors.
func unregisterIn(r *core, c Collector) bool {
	c = localized(c, nil)
	if checkCollector(c) != nil {
		return false
	}
	same := func(other Collector) bool { return isSame(collect.Unwrap(other), collect.Unwrap(c)) }
	return r.unregister(registrationOf(c), same, func() ([]book.Desc, error) {
		announced, err := collect.Describe(c)
		if err != nil {
			return nil, err
		}
		return announced.ForBook(), nil
	})
}

// newEntry makes an entry that is not registered yet, and returns the name that was
// asked for.
func newEntry(pedantic bool, c Collector, opts []CollectorOption) (*entry, string, error) {
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
	if failed, ok := err.(*collect.DescribeError); ok { //nolint:errorlint // Only what is returned itself.
		return nil, "", fmt.Errorf("describing collector %s: %w", called(failed.Collector), failed.Err)
	}
	if err != nil {
		return nil, "", err
	}
	announced.Pedantic = pedantic && len(announced.List) > 0
	e := &entry{
		collector: c, origin: originOf(c), id: registrationOf(c), announced: announced, described: announced.ForBook(),
		binding: bind(c, announced), policies: asked.asked, several: asked.several, called: func() string { return called(c) },
	}
	e.fallback = defaultName(e, c)
	if wrapped, ok := e.binding.source.(*collect.WrappedSource); ok {
		if err := wrapped.Check(); err != nil {
			return nil, "", fmt.Errorf("cannot register %s: %w", called(c), err)
		}
	}
	if len(asked.asked) > 0 {
		if e.binding.run == nil {
			return nil, "", fmt.Errorf("cannot register %s with %q: policies are for collectors that run somebody's code, not for %s",
				called(c), asked.asked, e.binding.article())
		}
		e.policy = &asked.policy
	}
	return e, asked.name, nil
}

// bind decides how c is collected from. It looks at concrete types for our own
// instruments: a struct of a user that embeds one, and replaces Collect, is not ours.
func bind(c Collector, announced *collect.Announced) binding {
	switch c := c.(type) {
	case *collect.Wrapped:
		return bind(c.Collector, announced.Inner).wrap(c.Wrapping)
	case *ContextRegistry:
		return binding{kind: "registry", nested: c.core}
	case *collectorAdapter:
		if inner := c.adapted(); inner != nil {
			return bind(inner, announced)
		}
		return binding{kind: "collector with context", run: collect.RunWithContext(c, announced)}
	case StreamCollector:
		return binding{kind: "stream collector", run: collect.RunStream(streamOf(c), announced), stream: true}
	case CollectorWithContext:
		return binding{kind: "collector with context", run: collect.RunWithContext(c, announced)}
	}
	if f, ok := c.(*instrument.Func); ok {
		return binding{kind: "function", run: runFunc(f), shared: true}
	}
	if source := instrument.SourceOf(c); source != nil {
		return binding{kind: "instrument", source: source}
	}
	return binding{kind: "collector", run: collect.RunPlain(c, announced), shared: true}
}
