// Package writebody makes the bodies of remote-write requests that are ready to be sent: it compresses
// them, and converts requests of version 2.0 to version 1.0.
package writebody

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// maxDecompressed is the maximum size of a decompressed request of version 2.0.
const maxDecompressed = 256 << 20

// Compress returns data as a snappy block. It uses the memory of buf if that is large enough.
func Compress(buf, data []byte) []byte {
	buf = slices.Grow(buf[:0], max(s2.MaxEncodedLen(len(data)), 0))
	return s2.EncodeSnappy(buf[:cap(buf)], data)
}

// Decompress reverts [Compress]. It uses the memory of buf if that is large enough.
func Decompress(buf, block []byte) ([]byte, error) {
	n, err := s2.DecodedLen(block)
	if err == nil && n > maxDecompressed {
		err = fmt.Errorf("it has %d bytes, %d are allowed", n, maxDecompressed)
	}
	if err != nil {
		return nil, fmt.Errorf("writebody: decompressing a request: %w", err)
	}
	buf = slices.Grow(buf[:0], n)
	data, err := s2.Decode(buf[:cap(buf)], block)
	if err != nil {
		return nil, fmt.Errorf("writebody: decompressing a request: %w", err)
	}
	return data, nil
}
