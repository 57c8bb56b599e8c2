package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// drain shuts the servers down: their listeners and idle connections close at once, and
// connections with a request when it has been answered. If that takes until limit is done, it
// closes them all and returns an error if requests were under way.
func (s *webServer) drain(limit context.Context, servers []*http.Server) error {
	s.draining.Store(true)
	var running sync.WaitGroup
	var mu sync.Mutex
	late := false
	for _, server := range servers {
		running.Go(func() {
			// An error of closing a listener changes nothing; that of limit does.
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
		_ = server.Close() // It is about listeners, which are closed.
	}
	s.awaitCut()
	if requests == 0 {
		return nil // Only connections on which nothing has been asked yet.
	}
	return fmt.Errorf("shutting down: %d requests took longer than --web.drain-timeout=%s and were cut off",
		requests, s.flags.drainTimeout)
}

// awaitCut gives handlers whose connections have been closed a moment to return, before the
// program closes what they use.
func (s *webServer) awaitCut() {
	for deadline := time.Now().Add(cutTimeout); s.inFlight.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}
