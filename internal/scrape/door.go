package scrape

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
)

// Behind is implemented by gatherers and collectors of this module that are registries underneath, so that
// registries and handlers see through them.
type Behind interface {
	// ScrapeRegistry returns the registry. The receiver comes with it, because a type of a
	// user that embeds such a gatherer has this method, too, but may do something else.
	ScrapeRegistry() (receiver any, r *Registry)
}

// RegistryBehind returns the registry behind a gatherer or collector if that is a Behind, and else nil.
func RegistryBehind(g any) *Registry {
	if b, ok := g.(Behind); ok {
		if receiver, r := b.ScrapeRegistry(); receiver == g {
			return r
		}
	}
	return nil
}

// The root package sets these for packages that build gatherers on its types.
var (
	// RegistryOf returns the registry that a gatherer is, or else nil.
	RegistryOf func(g prometheus.Gatherer) *Registry
	// EntryOf returns an entry for all that a gatherer gathers, with a wrapping around it. It is
	// an error if the gatherer is nil.
	EntryOf func(g prometheus.Gatherer, w collect.Wrapping) (*Entry, error)
)
