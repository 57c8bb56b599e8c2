package encode

import "io"

const (
	// chunkSize is how much is gathered before it is passed on.
	chunkSize = 48 << 10
	// bufferSize leaves room for the point that makes a chunk full.
	bufferSize = 64 << 10
	// maxKept is the largest buffer that is kept for the next exposition.
	maxKept = 4 * bufferSize
)

// output is the end of an encoder where the writer is. After an error it takes
// nothing more.
type output struct {
	w   io.Writer
	buf []byte
	err error
}

func (o *output) open(w io.Writer) {
	o.w = w
	if o.buf == nil {
		o.buf = make([]byte, 0, bufferSize)
	}
}

func (o *output) reset() {
	*o = output{buf: kept(o.buf)}
}

// kept returns buf empty, or nil if it is not worth keeping.
func kept(buf []byte) []byte {
	if cap(buf) > maxKept {
		return nil
	}
	return buf[:0]
}

func (o *output) write(p []byte) {
	if o.err != nil || len(p) == 0 {
		return
	}
	n, err := o.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	o.err = err
}

func (o *output) flush() {
	o.write(o.buf)
	o.buf = o.buf[:0]
}
