package exporter

import (
	"net/http"
	"runtime/debug"

	"github.com/luxfi/metric/internal/middleware"
)

// guard wraps the handler of all pages. It counts requests in flight, sets headers that keep browsers
// from misusing pages, and limits the damage of a panic to its request.
func (s *webServer) guard(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		setSecurityHeaders(w.Header())
		written, w := middleware.Wrap(w, nil)
		defer s.recoverPage(written, r)
		pages.ServeHTTP(w, r)
	})
}

// recoverPage answers with 500 Internal Server Error if a page panics. If the header has already been
// sent, it aborts the response.
func (s *webServer) recoverPage(w *middleware.Writer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // The server compares it like this, too.
		panic(v)
	}
	s.logger.Error("a page panicked", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	if w.Status() != 0 || w.Hijacked() {
		panic(http.ErrAbortHandler)
	}
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// setSecurityHeaders sets security headers unless the web configuration file has set them. Pages may
// change them.
func setSecurityHeaders(h http.Header) {
	for _, header := range [...][2]string{
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "deny"},
		{"Referrer-Policy", "no-referrer"},
	} {
		if h.Get(header[0]) == "" {
			h.Set(header[0], header[1])
		}
	}
}
