package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// drain shuts the servers down. Their listeners and idle connections close immediately. Other connections
// close when their request has been answered. If limit ends first, drain closes all connections, and returns
// an error if requests were in flight.
func (s *webServer) drain(limit context.Context, servers []*http.Server) error {
	s.draining.Store(true)
	var running sync.WaitGroup
	var mu sync.Mutex
	late := false
	for _, server := range servers {
		running.Go(func() {
			// Errors from closing a listener do not matter. The end of limit does.
			if err := server.Shutdown(limit); err != nil && limit.Err() != nil {
				mu.Lock()
				late = true
				mu.Unlock()
			}
		})
	}
	running.Wait()
	if !late {
		return nil
	}
	requests := s.inFlight.Load()
	for _, server := range servers {
		_ = server.Close() // Its errors are about listeners, which are already closed.
	}
	s.awaitCut()
	if requests == 0 {
		return nil // The connections that were closed had no requests.
	}
	return fmt.Errorf("shutting down: %d requests took longer than --web.drain-timeout=%s and were cut off",
		requests, s.flags.drainTimeout)
}

// awaitCut waits a moment for handlers whose connections have been closed, before the program closes the
// resources that they use.
func (s *webServer) awaitCut() {
	for deadline := time.Now().Add(cutTimeout); s.inFlight.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}
