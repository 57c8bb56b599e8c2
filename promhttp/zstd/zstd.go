// Package zstd makes the handlers of this module offer zstd. Import it only for this effect:
//
//	import _ "github.com/luxfi/metric/promhttp/zstd"
//
// It takes the place of client_golang's package of the same name. Programs that do not import it do not
// contain the compressor, which takes about 280 kB of a stripped program for linux/amd64. Their handlers
// offer gzip.
package zstd

import (
	"github.com/klauspost/compress/zstd"

	"github.com/luxfi/metric/internal/zstdlink"
)

func init() { zstdlink.NewCompressor = newCompressor }

// newCompressor returns a compressor without its own goroutine. Its window is large enough for the
// repetitions in an exposition.
func newCompressor() zstdlink.Compressor {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return w
}
