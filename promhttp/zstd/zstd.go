// Package zstd makes the handlers of this module offer zstd. Import it for that alone:
//
//	import _ "github.com/luxfi/metric/promhttp/zstd"
//
// It takes the place of client_golang's package of that name. Programs that do not import it
// do not contain the compressor, which is some 280 kB of a stripped program for linux/amd64;
// their handlers offer gzip.
package zstd

import (
	"github.com/klauspost/compress/zstd"

	"github.com/luxfi/metric/internal/zstdlink"
)

func init() { zstdlink.NewCompressor = newCompressor }

// newCompressor returns a compressor without a goroutine of its own, and with a window that
// is large enough for what repeats in an exposition.
func newCompressor() zstdlink.Compressor {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return w
}
