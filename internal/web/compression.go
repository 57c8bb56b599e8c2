package web

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/luxfi/metric/internal/zstdlink"
)

// Coding is the name of a content coding of an answer (RFC 9110, 8.4.1), as used in headers.
type Coding string

// The codings that a handler can offer.
const (
	Identity Coding = "identity" // no coding
	Gzip     Coding = "gzip"
	Zstd     Coding = "zstd" // available only in programs that import package promhttp/zstd
)

// DefaultCodings returns what a handler offers by default, the preferred coding first.
func DefaultCodings() []Coding { return []Coding{Identity, Gzip, Zstd} }

// isKnown reports whether responses can be compressed with the coding. For zstd, that is known only after
// initialization, when there may already be handlers.
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

// compressor is the interface of the compressing writers.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// compressors are kept from response to response because they have large tables.
var compressors = map[Coding]*sync.Pool{
	Gzip: {New: func() any {
		// The fastest level is 5 to 8 times as fast as the default one of the standard library, and an
		// exposition grows by about a tenth.
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return compressor(w)
	}},
	Zstd: {New: func() any { return compressor(zstdlink.NewCompressor()) }},
}
