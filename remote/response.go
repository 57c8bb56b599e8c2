package remote

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/luxfi/metric/internal/parse"
)

// read reads a response. It returns either all of it or an error.
func (t *Target) read(r *http.Response) (*body, error) {
	if r.StatusCode != http.StatusOK {
		return nil, statusError(r)
	}
	format, err := parse.FormatOf(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	limit := t.opts.MaxBytes
	if r.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes were announced, %d are allowed", errTooLarge, r.ContentLength, limit)
	}
	sent := &boundedReader{from: r.Body, left: limit, err: fmt.Errorf("%w: %d bytes are allowed", errTooLarge, limit)}
	plain, done, err := decompress(encodingOf(r), sent)
	if err != nil {
		return nil, sent.failed(err)
	}
	defer done()
	b := &body{format: format, data: newMemory(int(t.expected.Load()))}
	if err := readAll(b.data, plain, limit); err != nil {
		b.free()
		return nil, sent.failed(err)
	}
	t.expected.Store(int64(len(*b.data) + 1)) // Finding the end takes room for one more byte.
	return b, nil
}

// encodingOf returns the Content-Encoding of a response. It joins several headers.
func encodingOf(r *http.Response) string {
	return strings.Join(r.Header.Values("Content-Encoding"), ",")
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
		room := min(int64(cap(buf)), limit+1) // The byte beyond the limit shows that there are more.
		n, err := r.Read(buf[len(buf):room])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return fmt.Errorf("%w: %d bytes are allowed, after decompression", errTooLarge, limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// boundedReader reads from the other process. It returns err after too many bytes.
type boundedReader struct {
	from    io.Reader
	left    int64
	n       int64
	err     error
	failure error // error of the connection
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n += int64(n)
	if r.left -= int64(n); r.left < 0 {
		return 0, r.err
	}
	if err != nil && err != io.EOF {
		r.failure = err
	}
	return n, err
}

// failed returns the failure of the connection if that caused err, and err otherwise.
func (r *boundedReader) failed(err error) error {
	if r.failure == nil {
		return err
	}
	err = fmt.Errorf("the response broke off after %d bytes: %w", r.n, r.failure)
	if isOver(r.failure) {
		return err
	}
	return &brokenError{err}
}

// Limits for a response with an error status, in bytes: how much is read, and how much the error quotes.
const (
	maxErrorBody = 1 << 10
	maxErrorText = 400
)

// statusError returns an error with the status of a response and the beginning of its body.
func statusError(r *http.Response) error {
	text := strings.TrimSpace(fmt.Sprintf("the status is %d %s", r.StatusCode, http.StatusText(r.StatusCode)))
	if words := beginning(r); words != "" {
		text += fmt.Sprintf(": %q", words)
	}
	if r.StatusCode == http.StatusLoopDetected {
		return fmt.Errorf("%w: %s", ErrLoop, text)
	}
	return errors.New(text)
}

// beginning returns the beginning of a body in one line, as far as the body can be read.
func beginning(r *http.Response) string {
	plain, done, err := decompress(encodingOf(r), io.LimitReader(r.Body, maxErrorBody))
	if err != nil {
		return ""
	}
	defer done()
	text, _ := io.ReadAll(io.LimitReader(plain, maxErrorText)) // The part before an error is enough.
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "")), " ")
}
