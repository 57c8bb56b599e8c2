package dashboard

import (
	"net/http"
	"sync"
	"weak"
)

// servers tracks which servers are being shut down. Shutdown waits for open streams, and a stream cannot
// find out about it in another way. The zero value is ready to use. It keeps no server alive.
type servers struct {
	mu  sync.Mutex
	all map[weak.Pointer[http.Server]]chan struct{} // closed when the server is shut down
}

// shutdownOf returns a channel that is closed when the server of a request is shut down. It returns nil
// for a request without a server, as in tests of handlers.
func (s *servers) shutdownOf(r *http.Request) <-chan struct{} {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || server == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := weak.Make(server)
	if ch := s.all[key]; ch != nil {
		return ch
	}
	for known := range s.all {
		if known.Value() == nil {
			delete(s.all, known)
		}
	}
	if s.all == nil {
		s.all = make(map[weak.Pointer[http.Server]]chan struct{})
	}
	ch := make(chan struct{})
	s.all[key] = ch
	server.RegisterOnShutdown(sync.OnceFunc(func() { close(ch) })) // Shutdown may be called more than once.
	return ch
}
