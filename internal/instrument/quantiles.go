package instrument

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/beorn7/perks/quantile"

	"github.com/luxfi/metric/internal/model"
)

// quantileWindow estimates quantiles over a sliding window. It has one stream for each step of the
// window. All streams take every observation. They take turns as the head, which answers queries and is
// then emptied. So the head covers between a whole window and one step less.
//
// Observations are buffered, because a stream takes many at once in little more time than one. bufferMu
// is locked before mu if both are needed.
type quantileWindow struct {
	shape *summaryShape

	bufferMu sync.Mutex
	buffer   []float64
	expires  time.Time // The buffer must be flushed before a later observation.

	mu          sync.Mutex
	flushing    []float64 // empty while mu is not held
	streams     []*quantile.Stream
	head        int
	headExpires time.Time
	count       uint64
	sum         float64
}

func newQuantileWindow(shape *summaryShape, now time.Time) *quantileWindow {
	w := &quantileWindow{
		shape:       shape,
		buffer:      make([]float64, 0, shape.buffer),
		flushing:    make([]float64, 0, shape.buffer),
		expires:     now.Add(shape.step),
		headExpires: now.Add(shape.step),
	}
	for range shape.steps {
		w.streams = append(w.streams, quantile.NewTargeted(shape.objectives))
	}
	return w
}

func (w *quantileWindow) observe(v float64) {
	now := time.Now()
	w.bufferMu.Lock()
	if now.After(w.expires) {
		w.swap(now)
		w.flush()
		w.mu.Unlock()
	}
	w.buffer = append(w.buffer, v)
	if len(w.buffer) < cap(w.buffer) {
		w.bufferMu.Unlock()
		return
	}
	w.swap(now)
	w.bufferMu.Unlock() // Other goroutines may continue while this one does the work.
	w.flush()
	w.mu.Unlock()
}

// swap locks mu and makes the buffer the one that will be flushed.
func (w *quantileWindow) swap(now time.Time) {
	w.mu.Lock()
	w.buffer, w.flushing = w.flushing, w.buffer
	if late := now.Sub(w.expires); late > 0 {
		steps := (late + w.shape.step - 1) / w.shape.step // rounded up
		w.expires = w.expires.Add(steps * w.shape.step)   //nolint:durationcheck // It is a number of steps.
	}
}

// flush moves the buffered observations to the streams, and then slides the window to the beginning of
// the new buffer.
func (w *quantileWindow) flush() {
	for _, v := range w.flushing {
		for _, s := range w.streams {
			s.Insert(v)
		}
		w.count++
		w.sum += v
	}
	w.flushing = w.flushing[:0]
	for steps := 0; w.headExpires.Before(w.expires) && steps < len(w.streams); steps++ {
		w.streams[w.head].Reset()
		w.head = (w.head + 1) % len(w.streams)
		w.headExpires = w.headExpires.Add(w.shape.step)
	}
	w.headExpires = w.expires
}

func (w *quantileWindow) read(out *model.SummaryValue) {
	now := time.Now()
	w.bufferMu.Lock()
	w.swap(now)
	w.bufferMu.Unlock()
	defer w.mu.Unlock()
	w.flush()
	out.Count, out.Sum = w.count, w.sum
	head := w.streams[w.head]
	for _, rank := range w.shape.ranks {
		q := model.Quantile{Quantile: rank, Value: math.NaN()}
		if head.Count() > 0 {
			q.Value = head.Query(rank)
		}
		out.Quantiles = append(out.Quantiles, q)
	}
}

// total returns the number of observations.
func (w *quantileWindow) total() uint64 {
	w.bufferMu.Lock()
	defer w.bufferMu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count + uint64(len(w.buffer))
}

// restart drops all observations, if their number is still total.
func (w *quantileWindow) restart(total uint64, now time.Time) bool {
	w.bufferMu.Lock()
	defer w.bufferMu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count+uint64(len(w.buffer)) != total {
		return false
	}
	w.empty(now)
	return true
}

// empty drops all observations. The caller must hold all locks.
func (w *quantileWindow) empty(now time.Time) {
	w.buffer, w.count, w.sum = w.buffer[:0], 0, 0
	for _, s := range w.streams {
		s.Reset()
	}
	w.head = 0
	w.expires = now.Add(w.shape.step)
	w.headExpires = w.expires
}

// moveTo moves all observations to another window. Those that the streams have already summarized count
// there, but do not affect its quantiles.
func (w *quantileWindow) moveTo(to *quantileWindow) {
	w.bufferMu.Lock()
	w.mu.Lock()
	buffered := slices.Clone(w.buffer)
	count, sum := w.count, w.sum
	w.empty(time.Now())
	w.mu.Unlock()
	w.bufferMu.Unlock()
	to.mu.Lock()
	to.count += count
	to.sum += sum
	to.mu.Unlock()
	for _, v := range buffered {
		to.observe(v)
	}
}
