package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/collect"
)

// WrapRegistererWith returns a Registerer that adds labels, as constant labels, to
// everything that is registered with it, and registers it with reg. Contexts reach
// the collectors behind it. It is a no-op Registerer if reg is nil.
func WrapRegistererWith(labels Labels, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, collect.Wrapping{Labels: labels}}
}

// WrapRegistererWithPrefix is like WrapRegistererWith, but puts prefix before the name
// of every family.
func WrapRegistererWithPrefix(prefix string, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, collect.Wrapping{Prefix: prefix}}
}

// WrapCollectorWith returns a collector that adds labels to everything that c
// collects. The result takes a context, and passes it on if c takes one too.
func WrapCollectorWith(labels Labels, c Collector) Collector {
	return collect.Wrap(c, collect.Wrapping{Labels: labels})
}

// WrapCollectorWithPrefix is like WrapCollectorWith, but puts prefix before the name of
// every family.
func WrapCollectorWithPrefix(prefix string, c Collector) Collector {
	return collect.Wrap(c, collect.Wrapping{Prefix: prefix})
}

type wrappingRegisterer struct {
	registerer Registerer
	wrapping   collect.Wrapping
}

func (r *wrappingRegisterer) Register(c Collector) error { return r.RegisterWith(c) }

// RegisterWith registers c with options, which the registerer behind the wrapping applies.
func (r *wrappingRegisterer) RegisterWith(c Collector, opts ...CollectorOption) error {
	if r.registerer == nil {
		return nil
	}
	wrapped := collect.Wrap(c, r.wrapping)
	if err := checkCollector(wrapped); err != nil {
		return err
	}
	if collect.IsNil(r.registerer) {
		return fmt.Errorf("cannot register %s: the %T behind the wrapping is nil", called(c), r.registerer)
	}
	return registerWith(r.registerer, wrapped, opts)
}

func (r *wrappingRegisterer) MustRegister(cs ...Collector) { mustRegister(r, cs) }

func (r *wrappingRegisterer) Unregister(c Collector) bool {
	if collect.IsNil(r.registerer) || checkCollector(c) != nil {
		return false
	}
	return r.registerer.Unregister(collect.Wrap(c, r.wrapping))
}
