package metrictest

import (
	"net"
	"sync"
)

// HangingServer is a local backend that accepts connections and never responds, like a database that is
// overloaded or behind a firewall that drops packets. It has a TCP port, so clients of any protocol hang.
//
// It uses real connections, so it does not work in a bubble of testing/synctest.
type HangingServer struct {
	URL  string // such as http://127.0.0.1:41234
	Addr string // such as 127.0.0.1:41234

	listener net.Listener
	accepted chan struct{}

	mu          sync.Mutex
	connections []net.Conn
	closed      bool
}

// CleanupTB has the methods of a test that [NewHangingServer] needs. A [*testing.T] has them.
type CleanupTB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// NewHangingServer starts a [HangingServer] that is closed at the end of the test.
func NewHangingServer(t CleanupTB) *HangingServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // Listening does not wait.
	if err != nil {
		t.Fatalf("a hanging server cannot listen: %v", err)
		return nil
	}
	s := &HangingServer{
		URL: "http://" + listener.Addr().String(), Addr: listener.Addr().String(),
		listener: listener, accepted: make(chan struct{}),
	}
	var serving sync.WaitGroup
	serving.Go(s.serve)
	t.Cleanup(func() {
		s.Close()
		serving.Wait()
	})
	return s
}

// Accepted returns a channel that is closed after the first connection. From then on, the collector waits
// for a response, or is about to.
func (s *HangingServer) Accepted() <-chan struct{} { return s.accepted }

// Close breaks all connections and refuses new ones. It may be called more than once.
func (s *HangingServer) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	_ = s.listener.Close()
	for _, c := range s.connections {
		_ = c.Close()
	}
	s.connections = nil
}

func (s *HangingServer) serve() {
	for first := true; ; first = false {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if first {
			close(s.accepted)
		}
		s.keep(c)
	}
}

// keep holds a connection, so that it stays open.
func (s *HangingServer) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return
	}
	s.connections = append(s.connections, c)
}
