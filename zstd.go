package metric

import "github.com/luxfi/metric/internal/zstdlink"

// linkedCompressions appends those of the offers to kept that the program contains. Whether
// zstd is one of them is known only after initialization, during which there may be handlers
// already.
func linkedCompressions(kept, offers []Compression) []Compression {
	for _, c := range offers {
		if c != Zstd || zstdlink.NewCompressor != nil {
			kept = append(kept, c)
		}
	}
	return kept
}
