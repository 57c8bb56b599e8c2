package engine

import "time"

// Room returns for how many samples the outcome has memory.
func (o *Outcome) Room() int { return cap(o.memory.samples) }

// BoundBackground makes background runs fail after so many samples, until restore is called.
func BoundBackground(samples int) (restore func()) {
	before := maxBackground
	maxBackground = samples
	return func() { maxBackground = before }
}

// Pace returns how long a sample is taken to need.
func Pace() time.Duration { return pace.load() }

// Waiting returns how many goroutines the end of a run would wake.
func (e *Engine) Waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiting)
}

// IsRunning reports whether a run of a collector has not returned.
func (e *Engine) IsRunning(c *Collector) bool { return len(e.Idle([]*Collector{c})) == 0 }
