package promhttp

import (
	"fmt"
	"net/http"
	"time"
)

// timeoutHandler wraps a handler that ends its scrapes after a timeout and does not serve partial results.
// If the time was too short, it responds with 503 instead of 500 or of a panic.
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

// timeoutWriter replaces a response with status 500 if the timeout has passed.
type timeoutWriter struct {
	http.ResponseWriter

	start   time.Time
	timeout time.Duration
	begun   bool
	late    bool // whether the response has been replaced
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

// Unwrap returns the underlying writer, for [http.ResponseController].
func (w *timeoutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
