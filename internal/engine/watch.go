package engine

import (
	"sync/atomic"
	"time"
)

// watch looks after the volume of a scrape. Merging and encoding take time for each
// sample: a scrape that listened until its deadline to a collector which sends millions
// of them would answer long after it. So it stops listening as soon as the time that is
// left is needed for what has arrived. Runs that have returned lose nothing by that.
type watch struct {
	scrape    *Scrape
	flights   []*flight
	published int64
	timer     *time.Timer // Nil as long as nothing is waited for, or if the scrape has no deadline.
	waiting   time.Time   // Since when something is waited for.
	over      bool        // There is no time left.
}

// fewSamples are written in no time.
const fewSamples = 4096

// alarm returns a channel that receives when it is time to look.
func (w *watch) alarm() <-chan time.Time {
	if w.timer == nil {
		if w.scrape.deadline.IsZero() {
			return nil
		}
		w.waiting = time.Now()
		w.timer = time.NewTimer(w.scrape.deadline.Sub(w.waiting) / 64)
	}
	return w.timer.C
}

func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// look is called at each alarm. It reports whether the scrape has to stop listening.
func (w *watch) look() bool {
	count := int64(0)
	for _, f := range w.flights {
		if f != nil && f.buffer != nil {
			count += int64(f.buffer.Count())
		}
	}
	all := w.scrape.samples.Add(count - w.published)
	w.published = count
	now := time.Now()
	left := w.scrape.deadline.Sub(now)
	if all >= fewSamples {
		need := time.Duration(all) * w.scrape.pace
		left -= need
		if waited := now.Sub(w.waiting); waited > 0 { // As many as until now may arrive in the same time.
			left = time.Duration(float64(left) / (1 + float64(need)/float64(waited)))
		}
	}
	w.over = left <= 0
	w.timer.Reset(max(left/2, time.Millisecond))
	return w.over
}

// measured is how long a sample takes from the end of its run to the writer, on average
// over recent scrapes.
type measured struct{ nanoseconds atomic.Int64 }

// minPace is about the cost of copying a sample; maxPace is that of a slow processor under the
// race detector.
const (
	minPace   = 500 * time.Nanosecond
	maxPace   = 20 * time.Microsecond
	firstPace = 2 * time.Microsecond
)

var pace measured

func (m *measured) load() time.Duration {
	if n := m.nanoseconds.Load(); n > 0 {
		return time.Duration(n)
	}
	return firstPace
}

// Measured tells how long it took to merge and encode that many samples, which is how
// the next scrapes know how long it will take. Small numbers say nothing.
func Measured(samples int, took time.Duration) {
	if samples < fewSamples {
		return
	}
	one := min(max(took/time.Duration(samples), minPace), maxPace)
	// Two scrapes that end at once may overwrite each other's; either is as good.
	pace.nanoseconds.Store(int64((3*pace.load() + one) / 4))
}
