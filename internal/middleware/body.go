package middleware

import (
	"io"
	"sync/atomic"
)

// Body passes on the body of a request and counts the bytes that are read. Transports and handlers may
// still read it in one goroutine while another one calls Count.
type Body struct {
	io.ReadCloser

	read  atomic.Int64
	again atomic.Pointer[Body] // current body if the request had to be sent again
}

// Read implements [io.Reader].
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

// Again returns a Body for the same bytes, read from the beginning. From now on, Count returns the
// number of bytes read from the new Body.
func (b *Body) Again(body io.ReadCloser) *Body {
	again := &Body{ReadCloser: body}
	b.again.Store(again)
	return again
}

// Count returns the number of bytes that have been read. It returns 0 if b is nil.
func (b *Body) Count() int64 {
	if b == nil {
		return 0
	}
	if again := b.again.Load(); again != nil {
		b = again
	}
	return b.read.Load()
}
