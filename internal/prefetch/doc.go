// Package prefetch announces to the processor which memory will be read soon. The processor loads it
// while the caller does something else, as far as the processor can track the loads: about 20 cache
// lines at a time.
//
// On other platforms, and with the build tag purego, the functions read some of the memory instead:
// these reads do not depend on each other, so the processor waits for them at the same time. A scrape
// of 100,000 counters that announces 8 of them while it writes the previous 8 takes 28 ns for each, and
// 81 ns if it reads them. With 10,000 counters, which fit into the caches, it takes 26 and 30 ns:
//
//	cd bench && GOWORK=off go test -run '^$' -bench Scrape/kind=counters .
//
// and the same with -tags purego.
package prefetch

// lineSize is the size of a cache line of most processors, in bytes.
const lineSize = 64
