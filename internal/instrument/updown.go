package instrument

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// UpDown is a gauge without a Set method. Many goroutines can add to it at once without waiting for
// each other, because it counts increases and decreases separately, each like a [Counter]. The sum
// of whole numbers is exact as long as both stay below 2⁶³.
type UpDown struct {
	series

	up, down stripe.Counter
}

// Add adds v, which may be negative.
func (u *UpDown) Add(v float64) {
	if v < 0 {
		u.down.Add(-v)
	} else {
		u.up.Add(v)
	}
}

// AddInt adds n, which may be negative.
func (u *UpDown) AddInt(n int64) {
	if n < 0 {
		addWhole(&u.down, -uint64(n))
	} else {
		addWhole(&u.up, uint64(n))
	}
}

// addWhole adds n to the whole numbers of c, in steps that are small enough for these.
func addWhole(c *stripe.Counter, n uint64) {
	const step = 1 << 53
	for ; n > step; n -= step {
		c.AddUint(step)
	}
	c.AddUint(n)
}

// Get returns the current value. It reads the decrements first. If the program increments before it
// decrements, the increment of each decrement is then read, too, so the value never falls too low.
func (u *UpDown) Get() float64 {
	down, downRest := u.down.Sum()
	up, upRest := u.up.Sum()
	return float64(int64(up-down)) + (upRest - downRest)
}

// Point implements Instrument.
func (u *UpDown) Point(p *model.Point, _ *model.Scratch) { p.SetNumber(labelsOf(u), u.Get()) }

// Write implements Metric.
func (u *UpDown) Write(out *clientmodel.Metric) error { return writeInstrument(u, out) }

// Describe implements Collector.
func (u *UpDown) Describe(ch chan<- *prometheus.Desc) { ch <- u.Desc() }

// Collect implements Collector.
func (u *UpDown) Collect(ch chan<- prometheus.Metric) { ch <- u }

// pulse counts an instrument as updated that is not 0, as [Gauge.pulse] does: the next addition
// relies on it.
func (u *UpDown) pulse(last uint64) uint64 {
	if u.Get() != 0 {
		return last + 1
	}
	return u.up.Pulse() ^ u.down.Pulse()<<32
}

func (u *UpDown) restart(last uint64, _ time.Time) (pulse uint64, ok bool) {
	return last, u.pulse(last) == last
}

func (u *UpDown) begin(time.Time) {}

func (u *UpDown) moveTo(to *UpDown, pulse uint64) uint64 {
	u.up.MoveTo(&to.up)
	u.down.MoveTo(&to.down)
	return pulse
}

// UpDowns are the up-down counters of a vector.
type UpDowns = Vec[UpDown, *UpDown]

// NewUpDowns returns up-down counters that differ in the values of their labels.
func NewUpDowns(opts prometheus.GaugeVecOpts) *UpDowns {
	return newVec[UpDown](newFamily(model.Gauge, prometheus.Opts(opts.GaugeOpts), opts.VariableLabels), nil)
}
