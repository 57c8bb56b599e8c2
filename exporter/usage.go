package exporter

import "sync"

// usage counts what uses something, until that is retired.
type usage struct {
	mu      sync.Mutex
	n       int
	retired bool
	idle    chan struct{} // Made by retire, closed when n is 0.
}

// begin counts one more, unless it has been retired, which it reports.
func (u *usage) begin() (ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.retired {
		return false
	}
	u.n++
	return true
}

// end counts one less.
func (u *usage) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.retired {
		close(u.idle)
	}
}

// retire lets nothing begin any more, and waits until all has ended or limit is closed. It is called
// once.
func (u *usage) retire(limit <-chan struct{}) {
	u.mu.Lock()
	u.retired = true
	u.idle = make(chan struct{})
	if u.n == 0 {
		close(u.idle)
	}
	u.mu.Unlock()
	select {
	case <-u.idle:
	case <-limit:
	}
}
