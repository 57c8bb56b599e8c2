// Package zstdlink connects the handlers with the zstd compressor. Only programs that import package
// promhttp/zstd contain the compressor, because it is a considerable part of a small program.
package zstdlink

import "io"

// Compressor is a reusable compressing writer.
type Compressor interface {
	io.WriteCloser
	// Reset makes the compressor write a new stream to w.
	Reset(w io.Writer)
}

// NewCompressor returns a new compressor. It is nil if the program does not contain zstd. It is set
// during initialization, and does not change afterwards.
var NewCompressor func() Compressor
