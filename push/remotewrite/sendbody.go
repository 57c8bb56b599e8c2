package remotewrite

import (
	"errors"
	"io"
	"sync"
)

// requestBody is the body of a request. A transport may read from it for a while after the request has
// failed; release ends that, so that the memory can be reused.
type requestBody struct {
	mu   sync.RWMutex
	data []byte // nil after release.
}

// release waits for reads in progress. Later reads fail.
func (b *requestBody) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = nil
}

func (b *requestBody) reader() io.ReadCloser { return &bodyReader{body: b} }

func (b *requestBody) getReader() (io.ReadCloser, error) { return b.reader(), nil }

// bodyReader reads the body once, from the beginning.
type bodyReader struct {
	body *requestBody
	at   int
}

var errReleased = errors.New("the request is over")

func (r *bodyReader) Read(p []byte) (int, error) {
	r.body.mu.RLock()
	defer r.body.mu.RUnlock()
	if r.body.data == nil {
		return 0, errReleased
	}
	n := copy(p, r.body.data[r.at:])
	r.at += n
	if r.at == len(r.body.data) {
		return n, io.EOF
	}
	return n, nil
}

func (r *bodyReader) Close() error { return nil }
