package instrument

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
)

// expirable is an instrument whose series can expire. It has the methods of [labelmap.Life].
//
// The counts of counters, histograms and summaries show whether they have been updated, so updates have no
// additional cost. Other instruments have a mark. Each update sets the mark if it is not set.
type expirable[C any] interface {
	pulse(last uint64) uint64
	restart(last uint64, now time.Time) (pulse uint64, ok bool)
	begin(at time.Time)
	moveTo(to *C, pulse uint64) uint64
}

// SetExpiry lets series expire that have not been updated for the duration after. See
// [labelmap.Map.SetExpiry].
func (v *Vec[C, P]) SetExpiry(after time.Duration, own bool) {
	v.children.SetExpiry(after, own, labelmap.Life[C]{
		Pulse:   func(c *C, last uint64) uint64 { return P(c).pulse(last) },
		Restart: func(c *C, last uint64, now time.Time) (uint64, bool) { return P(c).restart(last, now) },
		Init:    v.prepare,
		Begin:   func(c *C, at time.Time) { P(c).begin(at) },
		Move:    func(to, from *C, pulse uint64) uint64 { return P(from).moveTo(to, pulse) },
	})
}

// SetExpiry implements [Core]. Since updates of custom metrics are invisible, lookups count as updates.
func (v *custom) SetExpiry(after time.Duration, own bool) {
	v.children.SetExpiry(after, own, labelmap.Life[prometheus.Metric]{
		Pulse: func(m *prometheus.Metric, last uint64) uint64 { return pulseOf(&labelmap.Of(m).Mark, last) },
	})
}

// SetExpiry implements [Core]. It does nothing, because there are no series.
func (v *NoOpVec[N]) SetExpiry(time.Duration, bool) {}

// The marks of an instrument. Gauges also use those from wasAdded on.
const (
	wasUpdated = iota
	isIdle
	wasAdded // The last update of a gauge was relative to its value.
	isIdleAdded
)

// setMark records an update. It writes the mark only if it changes, which is rare.
func setMark(mark *atomic.Uint32, to uint32) {
	if mark.Load() != to {
		mark.Store(to)
	}
}

// pulseOf is the method pulse for an instrument with the given mark.
func pulseOf(mark *atomic.Uint32, last uint64) uint64 {
	if mark.CompareAndSwap(wasUpdated, isIdle) {
		return last + 1
	}
	return last
}

// isRestarting replaces a counter's start timestamp while it restarts. A restart takes some nanoseconds. A
// scrape waits: with a part of the old value, the counter would seem to have been reset and to have counted
// that part again.
const isRestarting = math.MinInt64

func (c *Counter) pulse(uint64) uint64 { return c.Pulse() }

func (c *Counter) restart(last uint64, now time.Time) (pulse uint64, ok bool) { //nolint:unparam // Other instruments return different values.
	created := c.created.Swap(isRestarting)
	if !c.TakeAll(last) {
		c.created.Store(created)
		return 0, false
	}
	c.exemplar.Store(nil)
	c.begin(now)
	return 0, true
}

func (c *Counter) begin(at time.Time) { c.created.Store(at.UnixNano()) }

func (c *Counter) moveTo(to *Counter, _ uint64) uint64 {
	c.MoveTo(&to.Counter)
	return 0
}

// pulse treats a gauge as updated if it is not 0 and its last change was relative to its value: the
// next change relies on the value. For example, a number of connections must not become negative.
func (g *Gauge) pulse(last uint64) uint64 {
	mark := &labelmap.Of(g).Mark
	switch {
	case mark.CompareAndSwap(wasAdded, isIdleAdded), mark.Load() == isIdleAdded && g.Get() != 0:
		return last + 1
	default:
		return pulseOf(mark, last)
	}
}

func (g *Gauge) restart(last uint64, _ time.Time) (pulse uint64, ok bool) {
	return last, g.pulse(last) == last
}

func (g *Gauge) begin(time.Time) {}

func (g *Gauge) moveTo(to *Gauge, pulse uint64) uint64 {
	if labelmap.Of(g).Mark.Load() >= wasAdded {
		to.Add(g.take())
	} else {
		to.Set(g.Get())
	}
	return pulse
}

func (h *Histogram) pulse(uint64) (pulse uint64) {
	if h.limits != nil {
		h.limits.mu.Lock()
		defer h.limits.mu.Unlock()
	}
	h.counts.each(func(s *observed) { pulse += s.total() })
	return h.pulseWith(pulse)
}

// pulseWith returns the pulse for a number of observations. A limit of native buckets may reset the
// histogram, so that the same number can occur again.
func (h *Histogram) pulseWith(count uint64) uint64 {
	if count == 0 || h.limits == nil {
		return count
	}
	return count ^ uint64(h.created.Load())<<1
}

func (h *Histogram) restart(last uint64, now time.Time) (pulse uint64, ok bool) {
	if h.limits != nil {
		h.limits.mu.Lock()
		defer h.limits.mu.Unlock()
	}
	stripes := h.counts.lockAll()
	defer unlockAll(stripes)
	count := uint64(0)
	for _, s := range stripes {
		count += s.total()
	}
	if h.pulseWith(count) != last {
		return 0, false
	}
	h.empty(stripes, now)
	h.exemplars.Store(nil)
	return 0, true
}

func (h *Histogram) begin(at time.Time) {
	if h.limits != nil {
		h.limits.mu.Lock()
		defer h.limits.mu.Unlock()
	}
	h.created.Store(at.UnixNano())
}

func (h *Histogram) moveTo(to *Histogram, _ uint64) uint64 {
	var moved observations
	moved.init(len(h.shape.bounds.upper)+1, h.shape.native)
	func() {
		if h.limits != nil {
			h.limits.mu.Lock()
			defer h.limits.mu.Unlock()
		}
		stripes := h.counts.lockAll()
		defer unlockAll(stripes)
		for _, s := range stripes {
			moved.first.addAll(s)
		}
		h.empty(stripes, time.Now())
	}()
	to.counts.first.mu.Lock()
	defer to.counts.first.mu.Unlock()
	to.counts.first.addAll(&moved.first)
	return 0
}

func (s *Summary) pulse(uint64) (pulse uint64) {
	if s.window != nil {
		return s.window.total()
	}
	s.plain.each(func(o *observed) { pulse += o.total() })
	return pulse
}

func (s *Summary) restart(last uint64, now time.Time) (pulse uint64, ok bool) {
	if s.window != nil {
		if !s.window.restart(last, now) {
			return 0, false
		}
		s.begin(now)
		return 0, true
	}
	stripes := s.plain.lockAll()
	defer unlockAll(stripes)
	count := uint64(0)
	for _, o := range stripes {
		count += o.total()
	}
	if count != last {
		return 0, false
	}
	for _, o := range stripes {
		o.empty()
	}
	s.begin(now)
	return 0, true
}

func (s *Summary) begin(at time.Time) { s.created.Store(at.UnixNano()) }

// moveTo loses the order of observations. The order matters only for the window.
func (s *Summary) moveTo(to *Summary, _ uint64) uint64 {
	if s.window != nil {
		s.window.moveTo(to.window)
		return 0
	}
	var moved observed
	moved.counts = make([]uint64, 1)
	stripes := s.plain.lockAll()
	for _, o := range stripes {
		moved.addAll(o)
		o.empty()
	}
	unlockAll(stripes)
	to.plain.first.mu.Lock()
	defer to.plain.first.mu.Unlock()
	to.plain.first.addAll(&moved)
	return 0
}

func (i *Info) pulse(last uint64) uint64 { return pulseOf(&labelmap.Of(i).Mark, last) }

func (i *Info) restart(last uint64, _ time.Time) (pulse uint64, ok bool) {
	return last, i.pulse(last) == last
}

func (i *Info) begin(time.Time) {}

// moveTo renders the labels again, because to may be the overflow series, and that has other values of the
// variable labels.
func (i *Info) moveTo(to *Info, pulse uint64) uint64 {
	if labels := i.Labels(); labels != nil {
		_ = to.TrySet(labels) // They were valid before.
	}
	return pulse
}

func (s *StateSet) pulse(last uint64) uint64 { return pulseOf(&labelmap.Of(s).Mark, last) }

func (s *StateSet) restart(last uint64, _ time.Time) (pulse uint64, ok bool) {
	return last, s.pulse(last) == last
}

func (s *StateSet) begin(time.Time) {}

func (s *StateSet) moveTo(to *StateSet, pulse uint64) uint64 {
	to.set(s.on.Load())
	return pulse
}
