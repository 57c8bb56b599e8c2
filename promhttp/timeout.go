package promhttp

import (
	"fmt"
	"net/http"
	"time"
)

// timeoutHandler is around a handler that ends its scrapes after a timeout and does
// not serve partial results. It answers 503 instead of 500, or of a panic, where the
// time was too short.
type timeoutHandler struct {
	next    http.Handler
	timeout time.Duration
}

func (h *timeoutHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tw := &timeoutWriter{ResponseWriter: w, start: time.Now(), timeout: h.timeout}
	defer func() {
		if p := recover(); p != nil {
			if tw.begun || !tw.isLate() {
				panic(p)
			}
			http.Error(tw, "", http.StatusInternalServerError)
		}
	}()
	h.next.ServeHTTP(tw, r)
}

// timeoutWriter replaces an answer with status 500 if the time is over.
type timeoutWriter struct {
	http.ResponseWriter

	start   time.Time
	timeout time.Duration
	begun   bool
	late    bool // The answer has been replaced.
}

func (w *timeoutWriter) isLate() bool { return time.Since(w.start) >= w.timeout }

func (w *timeoutWriter) WriteHeader(code int) {
	if w.begun || code != http.StatusInternalServerError || !w.isLate() {
		w.begun = true
		w.ResponseWriter.WriteHeader(code)
		return
	}
	w.begun, w.late = true, true
	w.ResponseWriter.WriteHeader(http.StatusServiceUnavailable)
	_, _ = fmt.Fprintf(w.ResponseWriter, "Exceeded configured timeout of %v.\n", w.timeout)
}

func (w *timeoutWriter) Write(p []byte) (int, error) {
	w.begun = true
	if w.late {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets an http.ResponseController find the writer behind it.
func (w *timeoutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
