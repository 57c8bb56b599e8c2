package exporter

import (
	"fmt"
	"net"
	"net/http"
	"sync"
)

const (
	healthyPath = "/-/healthy"
	readyPath   = "/-/ready"
)

// serveHealthy answers as long as the process serves, regardless of the collectors. An exporter whose
// backend is down need not be restarted.
func (s *webServer) serveHealthy(w http.ResponseWriter, _ *http.Request) {
	s.answerHealth(w, http.StatusOK, "is healthy")
}

// serveReady answers with 503 Service Unavailable before the configuration has been loaded, and
// while the server drains.
func (s *webServer) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.draining.Load():
		s.answerHealth(w, http.StatusServiceUnavailable, "is shutting down")
	case s.ready != nil && !s.ready():
		s.answerHealth(w, http.StatusServiceUnavailable, "has not loaded its configuration yet")
	default:
		s.answerHealth(w, http.StatusOK, "is ready")
	}
}

func (s *webServer) answerHealth(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s %s\n", s.name, text)
}

// exemptHealth returns a handler that answers GET and HEAD requests for the two health paths itself and
// passes all other requests on to authenticated. It compares the path as the client wrote it, so an
// exempt path has only one spelling. Because exempt requests are not passed on, a difference in how two
// handlers interpret a path cannot open any other page.
func (s *webServer) exemptHealth(authenticated http.Handler) http.Handler {
	healthy, ready := s.flags.prefix()+healthyPath, s.flags.prefix()+readyPath
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			switch r.URL.EscapedPath() {
			case healthy:
				setSecurityHeaders(w.Header())
				s.serveHealthy(w, r)
				return
			case ready:
				setSecurityHeaders(w.Header())
				s.serveReady(w, r)
				return
			}
		}
		authenticated.ServeHTTP(w, r)
	})
}

// beforeAccept is a listener that calls a function before it accepts its first connection.
//
// The server uses it to wrap the handler of exporter-toolkit: web.Serve wraps server.Handler in its
// authentication and then calls server.Serve, without a hook in between. But server.Serve calls Accept
// in the same goroutine, after web.Serve has set the handler. It starts the goroutines of connections,
// the only readers of the handler, after Accept has returned. So the function may change server.Handler
// without a lock, and no request sees the previous handler.
type beforeAccept struct {
	net.Listener
	once sync.Once
	call func()
}

// Accept implements net.Listener.
func (l *beforeAccept) Accept() (net.Conn, error) {
	l.once.Do(l.call)
	return l.Listener.Accept()
}
