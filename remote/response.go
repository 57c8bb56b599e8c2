package remote

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/luxfi/metric/internal/parse"
)

// body is the body of a response, whole and decompressed.
type body struct {
	format parse.Format
	data   *[]byte // From bodies.
}

// bodies has memory for bodies, to be used again.
var bodies sync.Pool // Of *[]byte.

// minBody is how much memory a body gets at first.
const minBody = 64 << 10

func newBody() *[]byte {
	if data, ok := bodies.Get().(*[]byte); ok {
		return data
	}
	data := make([]byte, 0, minBody)
	return &data
}

// free lets the memory be used again.
func (b *body) free() {
	*b.data = (*b.data)[:0]
	bodies.Put(b.data)
}

// read reads a response. If there is an error, nothing of it is to be used.
func (t *Target) read(r *http.Response) (*body, error) {
	if r.StatusCode != http.StatusOK {
		return nil, statusError(r)
	}
	format, err := parse.FormatOf(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if r.ContentLength > t.opts.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes were announced, %d are allowed", errTooLarge, r.ContentLength, t.opts.MaxBytes)
	}
	sent := &boundedReader{from: r.Body, left: t.opts.MaxBytes, err: fmt.Errorf("%w: %d bytes are allowed", errTooLarge, t.opts.MaxBytes)}
	plain, done, err := decompress(r.Header.Get("Content-Encoding"), sent)
	if err != nil {
		return nil, readError(sent, err)
	}
	defer done()
	b := &body{format: format, data: newBody()}
	err = readAll(b.data, plain, t.opts.MaxBytes)
	if err != nil {
		b.free()
		return nil, readError(sent, err)
	}
	return b, nil
}

var errTooLarge = errors.New("the response is too large")

// readAll appends all of r to data, up to limit bytes.
func readAll(data *[]byte, r io.Reader, limit int64) error {
	buf := *data
	defer func() { *data = buf }()
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):min(int64(cap(buf)), max(limit+1, int64(len(buf))))])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return fmt.Errorf("%w: %d bytes are allowed, after decompression", errTooLarge, limit)
		case err == io.EOF: //nolint:errorlint // A reader returns it as it is.
			return nil
		case err != nil:
			return err
		}
	}
}

// readError returns the error of reading a response: the failure of its connection, if that is
// the cause.
func readError(sent *boundedReader, err error) error {
	if sent.failure != nil {
		return &brokenError{fmt.Errorf("the response broke off after %d bytes: %w", sent.n, sent.failure)}
	}
	return err
}

// boundedReader returns err after too many bytes, and keeps what went wrong with the connection.
type boundedReader struct {
	from    io.Reader
	left    int64
	n       int64
	err     error
	failure error
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n += int64(n)
	if r.left -= int64(n); r.left < 0 {
		return 0, r.err
	}
	if err != nil && err != io.EOF { //nolint:errorlint // A reader returns it as it is.
		r.failure = err
	}
	return n, err
}

// maxWindow is the most memory that a zstd frame may ask for. Encoders use 8 MiB at the most unless
// they are told otherwise.
const maxWindow = 8 << 20

var (
	gzipReaders sync.Pool // Of *gzip.Reader.
	zstdReaders sync.Pool // Of *zstd.Decoder.
)

// decompress returns what a body with the Content-Encoding has in it. done has to be called at the
// end.
func decompress(encoding string, r io.Reader) (plain io.Reader, done func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return r, func() {}, nil
	case "gzip", "x-gzip":
		z, ok := gzipReaders.Get().(*gzip.Reader)
		if !ok {
			z = new(gzip.Reader)
		}
		if err := z.Reset(r); err != nil {
			return nil, nil, fmt.Errorf("the response is not gzip: %w", err)
		}
		return z, func() { gzipReaders.Put(z) }, nil
	case "zstd":
		z, ok := zstdReaders.Get().(*zstd.Decoder)
		if !ok {
			// Without concurrency, a decoder that is dropped leaves no goroutine behind.
			z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, nil, err
			}
		}
		if err := z.Reset(r); err != nil {
			return nil, nil, fmt.Errorf("the response is not zstd: %w", err)
		}
		return z, func() {
			_ = z.Reset(nil) // It lets go of r.
			zstdReaders.Put(z)
		}, nil
	default:
		return nil, nil, fmt.Errorf("the response has the Content-Encoding %.40q: allowed are gzip, zstd and identity", encoding)
	}
}

// maxErrorText is how much of the body of an error is part of the message.
const maxErrorText = 200

// statusError returns an error about the status of a response, with the first line of its body.
func statusError(r *http.Response) error {
	sent := io.LimitReader(r.Body, 1<<10)
	plain, done, err := decompress(r.Header.Get("Content-Encoding"), sent)
	if err != nil {
		return fmt.Errorf("the status is %s", r.Status)
	}
	defer done()
	text, _ := io.ReadAll(io.LimitReader(plain, maxErrorText)) // The status is the error.
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(string(text), "")), "\n")
	if line == "" {
		return fmt.Errorf("the status is %s", r.Status)
	}
	return fmt.Errorf("the status is %s: %q", r.Status, line)
}
