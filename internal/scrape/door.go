package scrape

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
)

// Behind is implemented by gatherers and collectors of this module that are registries underneath, so that
// registries and handlers can look behind them.
type Behind interface {
	// ScrapeRegistry returns the registry, together with the receiver. The receiver is needed because a
	// user's type that embeds such a gatherer has this method, too, but may do something else.
	ScrapeRegistry() (receiver any, r *Registry)
}

// RegistryBehind returns the registry behind a gatherer or collector that is a [Behind], and nil for
// others.
func RegistryBehind(g any) *Registry {
	if b, ok := g.(Behind); ok {
		if receiver, r := b.ScrapeRegistry(); receiver == g {
			return r
		}
	}
	return nil
}

// The root package sets these variables for packages that build gatherers on its types.
var (
	// RegistryOf returns the registry that a gatherer is, or nil.
	RegistryOf func(g prometheus.Gatherer) *Registry
	// EntryOf returns an entry for everything that a gatherer gathers, with a wrapping around it. It
	// returns an error if the gatherer is nil.
	EntryOf func(g prometheus.Gatherer, w collect.Wrapping) (*Entry, error)
)
