package metric

// RegistryOption is an option of NewContextRegistry.
type RegistryOption interface{ applyToRegistry(r *ContextRegistry) }

type registryOption func(*ContextRegistry)

func (f registryOption) applyToRegistry(r *ContextRegistry) { f(r) }

// WithConcurrency bounds how many collectors run at once, over all scrapes. The others
// wait, under the context of their scrape. A collector that has outlived its scrape
// does not count. The default, 0, is no bound.
func WithConcurrency(n int) RegistryOption {
	return registryOption(func(r *ContextRegistry) { r.engine.Concurrency = n })
}

// CollectorOption is an option of RegisterWith: how one collector is run.
type CollectorOption interface{ applyToCollector(c *collectorConfig) }

type collectorOption func(*collectorConfig)

func (f collectorOption) applyToCollector(c *collectorConfig) { f(c) }

// collectorConfig is what the options of RegisterWith have asked for.
type collectorConfig struct {
	name string
}

// WithName names a collector, in errors and for UnregisterNamed. Names are unique in
// a registry. Without it, a collector is named after its type, or after its family if
// it is an instrument of this package.
func WithName(name string) CollectorOption {
	return collectorOption(func(c *collectorConfig) { c.name = name })
}
