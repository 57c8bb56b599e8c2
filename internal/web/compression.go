package web

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/luxfi/metric/internal/zstdlink"
)

// Coding is a content coding of an answer (RFC 9110, 8.4.1), as it is called in headers.
type Coding string

// The codings that a handler can offer.
const (
	Identity Coding = "identity" // None.
	Gzip     Coding = "gzip"
	Zstd     Coding = "zstd" // Only in programs that import package promhttp/zstd.
)

// DefaultCodings returns what a handler offers by default, the preferred coding first.
func DefaultCodings() []Coding { return []Coding{Identity, Gzip, Zstd} }

// isKnown reports whether responses can be compressed so. The answer for zstd is known only
// after initialization, during which there may be handlers already.
func (c Coding) isKnown() bool {
	switch c {
	case Identity:
		return true
	case Zstd:
		return zstdlink.NewCompressor != nil
	default:
		return compressors[c] != nil
	}
}

// compressor is what the compressing writers have in common.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// compressors are kept from response to response: they have large tables.
var compressors = map[Coding]*sync.Pool{
	Gzip: {New: func() any {
		// The fastest level is 5 to 8 times as fast as the default one of the
		// standard library, and an exposition grows by about a tenth.
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return compressor(w)
	}},
	Zstd: {New: func() any { return compressor(zstdlink.NewCompressor()) }},
}
