package scrape

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
)

// Behind is implemented by gatherers and collectors of this module that are made of a registry, so that other
// registries and handlers can find that registry.
type Behind interface {
	// ScrapeRegistry returns the registry, together with the receiver. A user's type that embeds such a
	// gatherer has this method, too, but may gather in another way. RegistryBehind recognizes such a type,
	// because the receiver is another value.
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
	// RegistryOf returns the registry of a gatherer that is a registry, a multi gatherer or a [Behind], and
	// nil for others.
	RegistryOf func(g prometheus.Gatherer) *Registry
	// EntryOf returns an entry with which a registry gathers from a gatherer, through a wrapping. It
	// returns an error if the gatherer is nil.
	EntryOf func(g prometheus.Gatherer, w collect.Wrapping) (*Entry, error)
)
