package metric_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// seenRecorder is a recorder that implements http.CloseNotifier for a client that stays connected.
type seenRecorder struct{ *httptest.ResponseRecorder }

func (seenRecorder) CloseNotify() <-chan bool { return make(chan bool) }

// hangingUpWriter hangs up after each write.
type hangingUpWriter struct {
	http.ResponseWriter
	hangUp func()
}

func (w hangingUpWriter) Write(p []byte) (int, error) {
	defer w.hangUp()
	return w.ResponseWriter.Write(p)
}

// failingWriter takes a number of bytes. The write that exceeds the number, and each one after it,
// takes half of its bytes and fails or panics.
type failingWriter struct {
	http.ResponseWriter

	left   int
	panics bool
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left > 0 {
		return w.ResponseWriter.Write(p)
	}
	n, _ := w.ResponseWriter.Write(p[:len(p)/2])
	if w.panics {
		panic(errFull)
	}
	return n, errFull
}

// unwrappingWriter lets an http.ResponseController find the server's writer.
type unwrappingWriter struct{ *failingWriter }

func (w unwrappingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var errFull = errors.New("no space left")

// discarding is a response writer that only counts the bytes of the body.
type discarding struct {
	header http.Header
	bytes  int
}

func (d *discarding) Header() http.Header {
	if d.header == nil {
		d.header = make(http.Header)
	}
	return d.header
}

func (d *discarding) WriteHeader(int) {}

func (d *discarding) Write(p []byte) (int, error) {
	d.bytes += len(p)
	return len(p), nil
}

// compressing is a middleware that compresses everything that h writes and sets the header for it.
// Its writer has only the methods of http.ResponseWriter.
func compressing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Vary", "accept-encoding")
		z := gzip.NewWriter(w)
		h.ServeHTTP(compressedWriter{w, z}, r)
		if r.Method != http.MethodHead {
			_ = z.Close()
		}
	})
}

// compressedWriter writes through a compressor.
type compressedWriter struct {
	to http.ResponseWriter
	z  *gzip.Writer
}

func (w compressedWriter) Header() http.Header { return w.to.Header() }

func (w compressedWriter) WriteHeader(code int) { w.to.WriteHeader(code) }

func (w compressedWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

// panickyContext panics if it is nil or contains a nil context.
type panickyContext struct{ context.Context }

// lockedBuffer is a bytes.Buffer that is safe for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// blockingHandler is a slog.Handler that calls a function first.
type blockingHandler struct {
	slog.Handler
	block func()
}

func (h blockingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h blockingHandler) Handle(context.Context, slog.Record) error {
	h.block()
	return nil
}

// capturingLog sets a default logger that writes to the returned buffer.
func capturingLog(t *testing.T) *lockedBuffer {
	t.Helper()
	logged := new(lockedBuffer)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(logged, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return logged
}

// pipes is a net.Listener of connections without a buffer. Their deadlines follow the clock of a
// synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// servePipes starts a server and returns a function that connects to it.
func servePipes(t *testing.T, server *http.Server) func() net.Conn {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(p) })
	t.Cleanup(func() {
		_ = server.Close()
		served.Wait()
	})
	return p.dial
}

// smallBuffers makes the buffers of accepted connections small.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(4096)
	}
	return c, err
}
