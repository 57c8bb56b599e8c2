// Package scrape implements a registry and its scrapes. A [Registry] knows its collectors and decides which
// may be registered together. Its plan is an immutable view of them for scrapes to walk. A [Scrape] runs
// the collectors of a registry and of the registries in it. It merges their samples with the series of
// native instruments, and writes the result as an exposition, as families or as metrics. It keeps all
// failures of the scrape.
//
// The root package decides by which of its interfaces a collector is read, and under which name. It makes an
// [Entry] of the collector.
package scrape
