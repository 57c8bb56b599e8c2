package metric

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/collect"
)

var (
	errNilCollector = errors.New("cannot register a nil Collector")
	errNilGatherer  = errors.New("cannot register a nil Gatherer")
)

// checkCollector returns an error if c is nil, or if a collector that it adapts, binds or wraps is.
func checkCollector(c Collector) error {
	for inner := c; ; {
		if inner == nil {
			if c == nil {
				return errNilCollector
			}
			return fmt.Errorf("%w: the %T holds none", errNilCollector, c)
		}
		if collect.IsNil(inner) {
			return fmt.Errorf("%w: the %T is nil", errNilCollector, inner)
		}
		switch w := inner.(type) {
		case *collect.Wrapped:
			inner = w.Collector
		case standIn:
			inner = w.standsFor()
		case *ContextRegistry:
			_, err := w.open()
			return err
		default:
			return nil
		}
	}
}

// describeInner describes c with the descriptors of the collector in it, or with an invalid
// descriptor if that is nil.
func describeInner(c, inner Collector, ch chan<- *Desc) {
	if err := checkCollector(c); err != nil {
		ch <- NewInvalidDesc(err)
		return
	}
	inner.Describe(ch)
}

// checkGatherer returns an error if g is nil, or if it contains nil in place of a gatherer.
func checkGatherer(g Gatherer) error {
	if g == nil {
		return errNilGatherer
	}
	if collect.IsNil(g) {
		return fmt.Errorf("%w: the %T is nil", errNilGatherer, g)
	}
	switch g := g.(type) {
	case *ContextRegistry:
		_, err := g.open()
		return err
	case *boundGatherer:
		return checkGatherer(g.gatherer)
	default:
		return nil
	}
}
