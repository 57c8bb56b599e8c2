//go:build !gc || purego || (!amd64 && !arm64)

package labelmap

import "sync/atomic"

// Prefetch reads something of the entries and of their labels, so that they are in the
// processor's cache later. The reads do not depend on each other: the processor waits for
// those of many entries at the same time. They are atomic because the compiler leaves out
// others that nothing comes of.
func Prefetch[C any](entries []*Entry[C]) {
	for _, e := range entries {
		e.state.Load()
		atomic.LoadUint32((*uint32)(e.behind()))
	}
}
