// Package middleware contains the common parts of instrumented handlers and RoundTrippers: a writer
// that records the response, the values of the labels code and method, and the metrics about metrics
// handlers.
package middleware

import (
	"errors"
	"io"
	"net/http"
)

// Writer passes on the response, and records its status and size.
//
// The status is the one that the client receives. Informational statuses, such as 103 Early Hints, do not
// count, and neither do later, superfluous calls of WriteHeader.
type Writer struct {
	http.ResponseWriter

	status   int
	written  int64
	onHeader func(int) // called with the status before the header is written; may be nil
	begun    bool      // The header has been written.

	exchange
}

// Wrap returns a Writer around inner, and the same Writer as a value for handlers. Of the interfaces
// [http.Flusher], [http.Hijacker], [io.ReaderFrom], [http.Pusher] and [http.CloseNotifier], this value
// implements the same ones as inner. The Writer calls onHeader, if it is not nil, with the status before it
// writes the header.
func Wrap(inner http.ResponseWriter, onHeader func(status int)) (*Writer, http.ResponseWriter) {
	w, outer := withInterfaces(interfacesOf(inner))
	w.ResponseWriter, w.onHeader = inner, onHeader
	return w, outer
}

// Status returns the status that was sent, or 0 if none was sent.
func (w *Writer) Status() int { return w.status }

// Written returns the number of bytes of the body.
func (w *Writer) Written() int64 { return w.written }

// WriteHeader implements [http.ResponseWriter]. It always passes code on, so that the inner writer can
// report mistakes of the handler.
func (w *Writer) WriteHeader(code int) {
	switch {
	case w.begun || isInformational(code):
		w.ResponseWriter.WriteHeader(code)
	case code < 100 || code > 999:
		// The writers of net/http may panic here before they send anything.
		w.ResponseWriter.WriteHeader(code)
		w.record(code)
	default:
		w.record(code)
		w.ResponseWriter.WriteHeader(code)
	}
}

// isInformational reports whether another header follows one with this status. After 101 Switching
// Protocols, none follows.
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

// begin writes the header, unless the handler has done so, before an operation that writes it
// implicitly.
func (w *Writer) begin() {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.wrote(int64(n), err)
	return n, err
}

// WriteString implements [io.StringWriter]. It saves a copy if the inner writer does.
func (w *Writer) WriteString(s string) (int, error) {
	w.begin()
	n, err := io.WriteString(w.ResponseWriter, s)
	w.wrote(int64(n), err)
	return n, err
}

// FlushError flushes the response for an [http.ResponseController]. The error is [http.ErrNotSupported]
// if no inner writer can flush.
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

// Unwrap returns the inner writer for an [http.ResponseController].
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
