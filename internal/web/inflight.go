package web

import (
	"fmt"
	"net/http"
)

// InFlight holds a value for each request in flight. A nil InFlight has no limit.
type InFlight chan struct{}

// NewInFlight returns an InFlight for limit requests, or nil if limit is not positive.
func NewInFlight(limit int) InFlight {
	if limit <= 0 {
		return nil
	}
	return make(InFlight, limit)
}

// Enter reports whether another request may be served. If so, the caller must call Leave at its end. If
// not, Enter answers the request.
func (f InFlight) Enter(w http.ResponseWriter) bool {
	if f == nil {
		return true
	}
	select {
	case f <- struct{}{}:
		return true
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", cap(f)),
			http.StatusServiceUnavailable)
		return false
	}
}

// Leave ends a request that has entered.
func (f InFlight) Leave() {
	if f != nil {
		<-f
	}
}
