// Package scrape is a registry and what happens when it is scraped. A [Registry] knows its
// collectors and what is allowed beside what; its plan is the immutable view of them that scrapes
// walk. A [Scrape] runs the collectors of a registry and of those inside it, merges what they send
// with the native instruments, and writes it as an exposition, as families or as metrics. It owns
// everything that has gone wrong.
//
// What a collector is, which of its interfaces counts and what it is called is decided by the root
// package, which makes an [Entry] of it.
package scrape
