// Package prefetch tells the processor what will be read soon. It fetches that from memory
// while the caller goes on with something else, as far as it takes so much down: about 20
// lines at a time.
//
// On other platforms, and with the tag purego, the functions read something of it instead:
// these reads do not depend on each other, so the processor waits for them at the same time.
// A scrape of 100,000 counters that announces 8 of them while it writes the 8 before takes
// 28 ns for each, and 81 if it reads; of 10,000, which the caches hold, 26 and 30:
//
//	cd bench && GOWORK=off go test -run '^$' -bench Scrape/kind=counters .
//
// and the same with -tags purego.
package prefetch

// lineSize is that of the cache lines of most processors, in bytes.
const lineSize = 64
