package metric

import (
	"sync/atomic"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/scrape"
)

// optionsCarrier carries a collector and its options through registerers without RegisterWith to a
// registry of this package. That registry registers the collector without the carrier. Another
// registry can only describe the carrier, and registerWith then removes it.
type optionsCarrier struct {
	collector Collector
	opts      []CollectorOption
	applied   atomic.Bool // whether a registry has taken the options
}

func (c *optionsCarrier) Describe(ch chan<- *Desc) { describeInner(c, c.collector, ch) }
func (c *optionsCarrier) Collect(chan<- Metric)    {}

// localized returns c without carriers of options. It replaces client_golang's wrappings by our
// own, because client_golang's hide contexts, and bridges by our vectors. It calls take for each
// carrier, unless take is nil.
func localized(c Collector, take func(*optionsCarrier)) Collector {
	switch w := c.(type) {
	case nil:
		return c
	case *optionsCarrier:
		if take != nil {
			take(w)
		}
		return localized(w.collector, take)
	case *collect.Wrapped:
		if collect.IsNil(w) {
			return c
		}
		if inner := localized(w.Collector, take); !isSame(inner, w.Collector) {
			return collect.Wrap(inner, w.Wrapping)
		}
		return c
	}
	if vector := instrument.BehindBridge(c); vector != nil {
		return vector
	}
	if inner, prefix, labels, ok := clientgolang.Unwrap(c); ok {
		return collect.Wrap(localized(inner, take), collect.Wrapping{Prefix: prefix, Labels: labels})
	}
	return c
}

// innermost returns the collector behind all wrappings and carriers of options. If that is a
// bridge, it returns the vector of the bridge.
func innermost(c Collector) Collector { return collect.Unwrap(localized(c, nil)) }

// isSame reports whether two collectors are the same. It returns false if they cannot be compared.
func isSame(a, b Collector) bool {
	id := scrape.IdentityOf(a)
	return id != nil && id == scrape.IdentityOf(b)
}

// withoutWrappings returns the collector behind all wrappings and carriers of options. Unlike
// innermost, it returns a bridge as it is.
func withoutWrappings(c Collector) Collector {
	for {
		switch w := c.(type) {
		case *optionsCarrier:
			c = w.collector
		case *collect.Wrapped:
			c = w.Collector
		default:
			inner, _, _, ok := clientgolang.Unwrap(c)
			if !ok {
				return c
			}
			c = inner
		}
	}
}
