package engine

import (
	"sync/atomic"
	"time"
)

// watch limits the volume of a scrape. Merging and encoding take time for each sample. A scrape that
// listened until its deadline to a collector that sends millions of samples would answer long after the
// deadline. So the scrape stops listening as soon as it needs the remaining time for the samples that have
// arrived. Runs that have returned lose nothing by that.
type watch struct {
	scrape    *Scrape
	flights   []*flight
	published int64
	timer     *time.Timer // nil until the scrape waits for something, or if it has no deadline
	waiting   time.Time   // when the scrape began to wait
	over      bool        // There is no time left.
}

// fewSamples is a number of samples that take almost no time to write.
const fewSamples = 4096

// alarm returns a channel that receives when it is time to call check.
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

// check is called at each alarm. It reports whether the scrape must stop listening.
func (w *watch) check() bool {
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
		if waited := now.Sub(w.waiting); waited > 0 { // As many samples as until now may arrive in the same time.
			left = time.Duration(float64(left) / (1 + float64(need)/float64(waited)))
		}
	}
	w.over = left <= 0
	w.timer.Reset(max(left/2, time.Millisecond))
	return w.over
}

// measured is the average time over recent scrapes that a sample takes from the end of its run to the
// writer.
type measured struct{ nanoseconds atomic.Int64 }

// minPace is about the cost of copying a sample. maxPace is the cost on a slow processor under the race
// detector.
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

// Measured records how long it took to merge and encode that many samples. The next scrapes estimate their
// time from it. It ignores small numbers, because they say nothing.
func Measured(samples int, took time.Duration) {
	if samples < fewSamples {
		return
	}
	one := min(max(took/time.Duration(samples), minPace), maxPace)
	// Two scrapes that end at once may overwrite each other's value; either is as good.
	pace.nanoseconds.Store(int64((3*pace.load() + one) / 4))
}
