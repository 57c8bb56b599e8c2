package metric

import (
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/scrape"
)

// originOf returns a comparable value that identifies a collector or gatherer, whatever adapts,
// binds or wraps it. It returns nil if the collector cannot be compared. A function equals itself
// and copies of the same variable. Two closures are never equal.
func originOf(v any) any {
	for {
		inner, ok := carried(v)
		if !ok {
			return scrape.IdentityOf(v)
		}
		v = inner
	}
}

// carried returns the collector or gatherer that v adapts, binds or wraps.
func carried(v any) (inner any, ok bool) {
	switch w := v.(type) {
	case *collect.Wrapped:
		return w.Collector, true
	case standIn:
		return w.standsFor(), true
	case noTransaction:
		return w.gatherer, true
	default:
		return nil, false
	}
}

// standIn is implemented by the collectors of this package that adapt or bind another one.
type standIn interface{ standsFor() Collector }

// registrationOf returns the ID of the registration of c.
func registrationOf(c Collector) scrape.RegistrationID {
	return scrape.NewRegistrationID(originOf(c), wrappingsOf(c))
}

// wrappingsOf returns the wrappings around the origin of c, innermost first.
func wrappingsOf(c Collector) (list []collect.Wrapping) {
	for v := any(c); ; {
		if w, ok := v.(*collect.Wrapped); ok {
			list = append(list, w.Wrapping)
		}
		inner, ok := carried(v)
		if !ok {
			slices.Reverse(list)
			return list
		}
		v = inner
	}
}
