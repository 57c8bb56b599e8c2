package engine

import "time"

// Room returns the number of samples that the outcome has memory for.
func (o *Outcome) Room() int { return cap(o.memory.samples) }

// BoundBackground makes background runs fail after the given number of samples, until restore is called.
func BoundBackground(samples int) (restore func()) {
	before := maxBackground
	maxBackground = samples
	return func() { maxBackground = before }
}

// Pace returns the assumed time per sample.
func Pace() time.Duration { return pace.load() }

// Waiting returns the number of goroutines that the end of a run would wake.
func (e *Engine) Waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiting)
}

// IsRunning reports whether a collector has a run that has not returned.
func (e *Engine) IsRunning(c *Collector) bool { return len(e.Idle([]*Collector{c})) == 0 }
