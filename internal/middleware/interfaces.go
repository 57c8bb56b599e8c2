package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// The interfaces that a writer may implement besides http.ResponseWriter, as bits.
const (
	notifies = 1 << iota
	flushes
	hijacks
	reads
	pushes
)

// interfacesOf returns the set of interfaces that w implements.
func interfacesOf(w http.ResponseWriter) (has int) {
	if _, ok := w.(http.CloseNotifier); ok { //nolint:staticcheck // Deprecated, but still in use.
		has |= notifies
	}
	if _, ok := w.(http.Flusher); ok {
		has |= flushes
	}
	if _, ok := w.(http.Hijacker); ok {
		has |= hijacks
	}
	if _, ok := w.(io.ReaderFrom); ok {
		has |= reads
	}
	if _, ok := w.(http.Pusher); ok {
		has |= pushes
	}
	return has
}

// The methods of the interfaces, for a Writer whose inner writer has them.

func (w *Writer) closeNotify() <-chan bool {
	return w.ResponseWriter.(http.CloseNotifier).CloseNotify() //nolint:staticcheck // As above.
}

func (w *Writer) flush() {
	w.begin()
	w.flushed = true
	w.ResponseWriter.(http.Flusher).Flush()
}

func (w *Writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := hijackerIn(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked = true
	}
	return conn, buffered, err
}

// hijackerIn returns the [http.Hijacker] that an [http.ResponseController] of w would use, or nil.
func hijackerIn(w http.ResponseWriter) http.Hijacker {
	for {
		if h, ok := w.(http.Hijacker); ok {
			return h
		}
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = outer.Unwrap()
	}
}

func (w *Writer) readFrom(r io.Reader) (int64, error) {
	w.begin()
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	w.wrote(n, err)
	return n, err
}

func (w *Writer) push(target string, opts *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, opts)
}

// A handler uses type assertions to learn what it may do, so a writer must not implement an interface
// that the inner writer does not implement. There is a type for each set of interfaces, named by the
// letters of CloseNotifier, Flusher, Hijacker, ReaderFrom and Pusher. It embeds the type without the
// last of them, down to the Writer itself. This takes a single allocation, and makes every program 160
// kB smaller than structs that embed a pointer to the Writer for each interface.
type (
	withC     struct{ Writer }
	withF     struct{ Writer }
	withCF    struct{ withC }
	withH     struct{ Writer }
	withCH    struct{ withC }
	withFH    struct{ withF }
	withCFH   struct{ withCF }
	withR     struct{ Writer }
	withCR    struct{ withC }
	withFR    struct{ withF }
	withCFR   struct{ withCF }
	withHR    struct{ withH }
	withCHR   struct{ withCH }
	withFHR   struct{ withFH }
	withCFHR  struct{ withCFH }
	withP     struct{ Writer }
	withCP    struct{ withC }
	withFP    struct{ withF }
	withCFP   struct{ withCF }
	withHP    struct{ withH }
	withCHP   struct{ withCH }
	withFHP   struct{ withFH }
	withCFHP  struct{ withCFH }
	withRP    struct{ withR }
	withCRP   struct{ withCR }
	withFRP   struct{ withFR }
	withCFRP  struct{ withCFR }
	withHRP   struct{ withHR }
	withCHRP  struct{ withCHR }
	withFHRP  struct{ withFHR }
	withCFHRP struct{ withCFHR }
)

func (w *withC) CloseNotify() <-chan bool { return w.closeNotify() }

func (w *withF) Flush()  { w.flush() }
func (w *withCF) Flush() { w.flush() }

func (w *withH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return w.hijack() }
func (w *withCH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w *withFH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w *withCFH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w *withR) ReadFrom(r io.Reader) (int64, error)    { return w.readFrom(r) }
func (w *withCR) ReadFrom(r io.Reader) (int64, error)   { return w.readFrom(r) }
func (w *withFR) ReadFrom(r io.Reader) (int64, error)   { return w.readFrom(r) }
func (w *withCFR) ReadFrom(r io.Reader) (int64, error)  { return w.readFrom(r) }
func (w *withHR) ReadFrom(r io.Reader) (int64, error)   { return w.readFrom(r) }
func (w *withCHR) ReadFrom(r io.Reader) (int64, error)  { return w.readFrom(r) }
func (w *withFHR) ReadFrom(r io.Reader) (int64, error)  { return w.readFrom(r) }
func (w *withCFHR) ReadFrom(r io.Reader) (int64, error) { return w.readFrom(r) }

func (w *withP) Push(target string, opts *http.PushOptions) error     { return w.push(target, opts) }
func (w *withCP) Push(target string, opts *http.PushOptions) error    { return w.push(target, opts) }
func (w *withFP) Push(target string, opts *http.PushOptions) error    { return w.push(target, opts) }
func (w *withCFP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withHP) Push(target string, opts *http.PushOptions) error    { return w.push(target, opts) }
func (w *withCHP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withFHP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withCFHP) Push(target string, opts *http.PushOptions) error  { return w.push(target, opts) }
func (w *withRP) Push(target string, opts *http.PushOptions) error    { return w.push(target, opts) }
func (w *withCRP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withFRP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withCFRP) Push(target string, opts *http.PushOptions) error  { return w.push(target, opts) }
func (w *withHRP) Push(target string, opts *http.PushOptions) error   { return w.push(target, opts) }
func (w *withCHRP) Push(target string, opts *http.PushOptions) error  { return w.push(target, opts) }
func (w *withFHRP) Push(target string, opts *http.PushOptions) error  { return w.push(target, opts) }
func (w *withCFHRP) Push(target string, opts *http.PushOptions) error { return w.push(target, opts) }

// withInterfaces returns a new Writer that implements a set of interfaces, and the [Writer] inside it.
func withInterfaces(has int) (*Writer, http.ResponseWriter) { //nolint:funlen // One case for each set.
	switch has {
	case notifies:
		w := new(withC)
		return &w.Writer, w
	case flushes:
		w := new(withF)
		return &w.Writer, w
	case notifies | flushes:
		w := new(withCF)
		return &w.Writer, w
	case hijacks:
		w := new(withH)
		return &w.Writer, w
	case notifies | hijacks:
		w := new(withCH)
		return &w.Writer, w
	case flushes | hijacks:
		w := new(withFH)
		return &w.Writer, w
	case notifies | flushes | hijacks:
		w := new(withCFH)
		return &w.Writer, w
	case reads:
		w := new(withR)
		return &w.Writer, w
	case notifies | reads:
		w := new(withCR)
		return &w.Writer, w
	case flushes | reads:
		w := new(withFR)
		return &w.Writer, w
	case notifies | flushes | reads:
		w := new(withCFR)
		return &w.Writer, w
	case hijacks | reads:
		w := new(withHR)
		return &w.Writer, w
	case notifies | hijacks | reads:
		w := new(withCHR)
		return &w.Writer, w
	case flushes | hijacks | reads:
		w := new(withFHR)
		return &w.Writer, w
	case notifies | flushes | hijacks | reads:
		w := new(withCFHR)
		return &w.Writer, w
	case pushes:
		w := new(withP)
		return &w.Writer, w
	case notifies | pushes:
		w := new(withCP)
		return &w.Writer, w
	case flushes | pushes:
		w := new(withFP)
		return &w.Writer, w
	case notifies | flushes | pushes:
		w := new(withCFP)
		return &w.Writer, w
	case hijacks | pushes:
		w := new(withHP)
		return &w.Writer, w
	case notifies | hijacks | pushes:
		w := new(withCHP)
		return &w.Writer, w
	case flushes | hijacks | pushes:
		w := new(withFHP)
		return &w.Writer, w
	case notifies | flushes | hijacks | pushes:
		w := new(withCFHP)
		return &w.Writer, w
	case reads | pushes:
		w := new(withRP)
		return &w.Writer, w
	case notifies | reads | pushes:
		w := new(withCRP)
		return &w.Writer, w
	case flushes | reads | pushes:
		w := new(withFRP)
		return &w.Writer, w
	case notifies | flushes | reads | pushes:
		w := new(withCFRP)
		return &w.Writer, w
	case hijacks | reads | pushes:
		w := new(withHRP)
		return &w.Writer, w
	case notifies | hijacks | reads | pushes:
		w := new(withCHRP)
		return &w.Writer, w
	case flushes | hijacks | reads | pushes:
		w := new(withFHRP)
		return &w.Writer, w
	case notifies | flushes | hijacks | reads | pushes:
		w := new(withCFHRP)
		return &w.Writer, w
	default:
		w := new(Writer)
		return w, w
	}
}
