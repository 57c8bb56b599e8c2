package metric

import (
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
