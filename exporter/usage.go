package exporter

import "sync"

// usage counts the users of a resource until it is retired.
type usage struct {
	mu      sync.Mutex
	n       int
	retired bool
	idle    chan struct{} // made by retire; closed when n is 0
}

// begin counts one more user. It reports false, and counts nothing, if the usage has been retired.
func (u *usage) begin() (ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.retired {
		return false
	}
	u.n++
	return true
}

// end counts one user fewer.
func (u *usage) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.retired {
		close(u.idle)
	}
}

// retire makes begin fail from now on, and waits until all users have ended or limit is closed. It must
// be called only once.
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
