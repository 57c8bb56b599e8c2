package engine

import "sync/atomic"

// crew does runs with as few goroutines as possible. Each goroutine does one run after the other. While runs
// remain, there is one spare goroutine that takes the next run as soon as a processor has time for it. So
// collectors that do not block share a goroutine, and its stack has to grow only once. With 100 collectors of
// 10 metrics each, this saves a quarter of the processor time of a scrape, together with the goroutine that
// [FromChannelOf] saves.
//
// A run never waits for another one. If one blocks, goes on endlessly or ends by runtime.Goexit, the spare
// goroutine takes the next.
type crew struct {
	runs  []atomic.Pointer[flight] // nil when taken, since a run that is stuck must not keep others in memory
	taken atomic.Int64
	spare atomic.Bool   // whether a started goroutine has not taken a run yet
	all   chan struct{} // closed when all runs are taken
}

// startCrew starts the runs. It returns when all have begun, or when done is closed. In the second case the
// rest begins later.
func startCrew(done <-chan struct{}, flights []*flight) {
	if len(flights) == 0 {
		return
	}
	c := &crew{runs: make([]atomic.Pointer[flight], len(flights)), all: make(chan struct{})}
	for i, f := range flights {
		c.runs[i].Store(f)
	}
	c.spare.Store(true)
	go c.work()
	select {
	case <-c.all:
	case <-done:
	}
}

func (c *crew) work() {
	i := int(c.taken.Add(1)) - 1
	c.spare.Store(false)
	for ; i < len(c.runs); i = int(c.taken.Add(1)) - 1 {
		if i == len(c.runs)-1 {
			close(c.all)
		} else if c.spare.CompareAndSwap(false, true) {
			go c.work()
		}
		c.runs[i].Swap(nil).run()
	}
}
