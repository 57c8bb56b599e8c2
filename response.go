package metric

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/luxfi/metric/internal/zstdlink"
)

// compressor is what the compressing writers have in common.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// compressors are kept from response to response: they have large tables.
var compressors = map[Compression]*sync.Pool{
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

// response is the body of a response. Nothing is sent before the first write, so that
// until then it can become an error response instead.
type response struct {
	wire        *wire
	compression Compression

	begun      bool
	failed     error // The first error of Write. There is no way to go on after it.
	compressor compressor
}

// errClientGone tells why an exposition was not written to its end.
var errClientGone = errors.New("the client has gone away")

// Write sends p, or refuses to if the client has gone away.
func (r *response) Write(p []byte) (n int, err error) {
	switch {
	case r.failed != nil:
		return 0, r.failed
	case r.wire.isClientGone():
		r.failed = errClientGone
		return 0, r.failed
	case !r.begun:
		r.begin()
	}
	if r.compressor != nil {
		n, err = r.compressor.Write(p)
	} else {
		n, err = r.wire.Write(p)
	}
	r.failed = err
	return n, err
}

func (r *response) begin() {
	r.begun = true
	if pool, ok := compressors[r.compression]; ok {
		r.wire.to.Header().Set("Content-Encoding", string(r.compression))
		r.compressor = pool.Get().(compressor)
		r.compressor.Reset(r.wire)
	}
}

// finish sends what the compressor still holds. If the exposition is not whole, the
// compressed stream is not finished either.
func (r *response) finish(whole bool) (err error) {
	if whole && !r.begun {
		r.begin()
	}
	if r.compressor == nil {
		return nil
	}
	if whole {
		err = r.compressor.Close()
	}
	r.compressor.Reset(nil)
	compressors[r.compression].Put(r.compressor)
	r.compressor = nil
	return err
}

// heldBody is the memory for an exposition that is sent only when it is known to be whole.
type heldBody struct {
	bytes.Buffer

	wire *wire
}

// Write holds p, or refuses to if the client has gone away.
func (b *heldBody) Write(p []byte) (int, error) {
	if b.wire.isClientGone() {
		return 0, errClientGone
	}
	return b.Buffer.Write(p)
}
