package metric

import (
	"github.com/luxfi/metric/internal/collect"
)

// WrapRegistererWith returns a [Registerer] that adds labels, as constant labels, to all metrics of
// the collectors that are registered with it, and registers these with reg. Contexts reach the
// collectors behind it. If reg is nil, WrapRegistererWith returns a no-op Registerer.
func WrapRegistererWith(labels Labels, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, collect.Wrapping{Labels: labels}}
}

// WrapRegistererWithPrefix is like [WrapRegistererWith], but adds prefix to the name of every
// family.
func WrapRegistererWithPrefix(prefix string, reg Registerer) Registerer {
	return &wrappingRegisterer{reg, collect.Wrapping{Prefix: prefix}}
}

// WrapCollectorWith returns a collector that adds labels to all metrics of c. The result takes a
// context, and passes it on if c takes one, too.
func WrapCollectorWith(labels Labels, c Collector) Collector {
	return collect.Wrap(c, collect.Wrapping{Labels: labels})
}

// WrapCollectorWithPrefix is like [WrapCollectorWith], but adds prefix to the name of every family.
func WrapCollectorWithPrefix(prefix string, c Collector) Collector {
	return collect.Wrap(c, collect.Wrapping{Prefix: prefix})
}
