package remote

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow limits the memory that a zstd frame may request, to the size that RFC 9659 allows in HTTP.
const maxWindow = 8 << 20

var (
	gzipReaders sync.Pool // contains *gzip.Reader
	zstdReaders sync.Pool // contains *zstd.Decoder
)

// decompress returns the content of a body with the given Content-Encoding. The caller must call done when
// it has finished reading.
func decompress(encoding string, r io.Reader) (plain io.Reader, done func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return r, func() {}, nil
	case "gzip", "x-gzip":
		return gunzip(r)
	case "zstd":
		return unzstd(r)
	default:
		return nil, nil, fmt.Errorf("the response has the Content-Encoding %.40q: allowed are gzip, zstd and identity", encoding)
	}
}

func gunzip(r io.Reader) (plain io.Reader, done func(), err error) {
	z, ok := gzipReaders.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	if err := z.Reset(r); err != nil {
		return nil, nil, fmt.Errorf("decompressing the response as gzip: %w", err)
	}
	return z, func() {
		_ = z.Reset(bytes.NewReader(nil)) // Reset fails, but releases r.
		gzipReaders.Put(z)
	}, nil
}

func unzstd(r io.Reader) (plain io.Reader, done func(), err error) {
	z, ok := zstdReaders.Get().(*zstd.Decoder)
	if !ok {
		// Without concurrency, a decoder has no goroutine that would outlive it in the pool.
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
	}
	if err := z.Reset(r); err != nil {
		return nil, nil, fmt.Errorf("decompressing the response as zstd: %w", err)
	}
	return z, func() {
		_ = z.Reset(nil) // releases r
		zstdReaders.Put(z)
	}, nil
}
