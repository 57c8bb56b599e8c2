package instrument

import "runtime"

// ObserveN counts n observations of v at once.
func (h *Histogram) ObserveN(v float64, n uint64) {
	if n == 0 {
		return
	}
	bucket := h.shape.bounds.find(v)
	if h.counts.addN(v, bucket, n) && h.limits != nil {
		h.limit(v, bucket, n)
	}
}

// addN is add for n observations of v; n must not be 0.
func (o *observations) addN(v float64, bucket int, n uint64) (check bool) {
	s := o.mine()
	if !s.mu.TryLock() {
		s = o.lockFree()
	}
	check = s.add(v, bucket, n)
	s.mu.Unlock()
	runtime.KeepAlive(o) // as in Counter.Inc
	return check
}

func (h *noOpHistogram) ObserveN(v float64, n uint64) {
	if h.counts != nil {
		h.counts.ObserveN(v, n)
	}
}

func (b bridgedHistogram) ObserveN(v float64, n uint64) {
	if n > 0 { // Otherwise it would create the series.
		b.child().ObserveN(v, n)
	}
}
