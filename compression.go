package metric

import "github.com/luxfi/metric/internal/web"

// Compression is a content encoding of a response.
type Compression string

// The compressions that a handler can offer.
const (
	Identity = Compression(web.Identity) // None.
	Gzip     = Compression(web.Gzip)
	Zstd     = Compression(web.Zstd) // Only in programs that import package promhttp/zstd.
)
