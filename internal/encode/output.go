package encode

import "io"

const (
	// chunkSize is the number of bytes that are collected before they are passed on.
	chunkSize = 48 << 10
	// bufferSize leaves room for the point that makes a chunk full.
	bufferSize = 64 << 10
	// maxKept is the size of the largest buffer that is kept for the next exposition.
	maxKept = 4 * bufferSize
)

// output buffers the data of an encoder for the writer. After an error it accepts no more data.
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

// kept returns buf emptied, or nil if it is too large to keep.
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
