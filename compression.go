package metric

// Compression is a content encoding of a response; see HandlerOpts.OfferedCompressions.
type Compression string

// The compressions that a handler can offer.
const (
	Identity Compression = "identity" // no compression
	Gzip     Compression = "gzip"
	Zstd     Compression = "zstd" // only in programs that import package promhttp/zstd
)
