// Package middleware is what instrumented handlers and RoundTrippers have in common: a
// writer that knows what was sent, the values of the labels code and method, and the metrics
// about handlers of metrics.
package middleware

import (
	"errors"
	"io"
	"net/http"
)

// Writer passes on what is written, and records the status and the size of the response.
//
// The status is that of the header that is sent: neither an informational one, such as 103
// Early Hints, nor one that comes after another and is not sent any more.
type Writer struct {
	http.ResponseWriter

	status   int
	written  int64
	onHeader func(int) // Called with the status before the header is written; may be nil.
	begun    bool      // The header has been written.

	exchange
}

// Wrap returns a Writer around inner, and the same Writer with those of the interfaces
// http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher and http.CloseNotifier that inner
// has. Handlers get the latter. onHeader, which may be nil, is called with the status before
// the header is written.
func Wrap(inner http.ResponseWriter, onHeader func(status int)) (*Writer, http.ResponseWriter) {
	w, outer := withInterfaces(interfacesOf(inner))
	w.ResponseWriter, w.onHeader = inner, onHeader
	return w, outer
}

// Status returns the status that was sent, and 0 if none was.
func (w *Writer) Status() int { return w.status }

// Written returns the number of bytes of the body.
func (w *Writer) Written() int64 { return w.written }

// WriteHeader implements http.ResponseWriter. It always passes code on, so that the inner
// writer can complain about a mistake of the handler.
func (w *Writer) WriteHeader(code int) {
	switch {
	case w.begun || isInformational(code):
		w.ResponseWriter.WriteHeader(code)
	case code < 100 || code > 999:
		// The writers of net/http panic, and have then sent nothing.
		w.ResponseWriter.WriteHeader(code)
		w.record(code)
	default:
		w.record(code)
		w.ResponseWriter.WriteHeader(code)
	}
}

// isInformational reports whether another header follows one with this status. After 101
// Switching Protocols, none does.
func isInformational(code int) bool {
	return code >= 100 && code <= 199 && code != http.StatusSwitchingProtocols
}

func (w *Writer) record(code int) {
	if w.onHeader != nil {
		w.onHeader(code)
	}
	w.status, w.begun = code, true
	w.noteHeader()
}

// begin writes the header, if the handler has not, before something that does so implicitly.
func (w *Writer) begin() {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
}

// Write implements http.ResponseWriter.
func (w *Writer) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.wrote(int64(n), err)
	return n, err
}

// WriteString implements io.StringWriter. It saves a copy where the inner writer does.
func (w *Writer) WriteString(s string) (int, error) {
	w.begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.wrote(int64(n), err)
	return n, err
}

// FlushError is what an http.ResponseController calls. The error is http.ErrNotSupported if
// no writer inside can flush.
func (w *Writer) FlushError() error {
	if _, ok := w.ResponseWriter.(http.Flusher); ok {
		w.begin()
	}
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		w.flushed = true
		if !w.begun {
			w.record(http.StatusOK) // A writer further inside has sent the header.
		}
	}
	return err
}

// Unwrap lets an http.ResponseController find the inner writer.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
