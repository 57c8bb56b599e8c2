// Package scrape implements a registry and its scrapes. A [Registry] knows its collectors and decides which
// may be registered together. Its plan is an immutable view of them for scrapes to walk. A [Scrape] runs
// the collectors of a registry and of the registries in it, merges what they send with the native
// instruments, and writes the result as an exposition, as families or as metrics. It owns all failures of
// the scrape.
//
// The root package decides what a collector is, which of its interfaces counts, and what it is called. It
// makes an [Entry] of the collector.
package scrape
