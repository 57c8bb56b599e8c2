package metric

import (
	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// NewCounterFunc returns a counter whose value is what function returns at the time of
// a scrape. function must never return less than before, and must be safe for
// concurrent use. If it hangs or panics, only this series is missing from the scrape.
func NewCounterFunc(opts CounterOpts, function func() float64) CounterFunc {
	return instrument.NewFunc(model.Counter, Opts(opts), function)
}

// NewGaugeFunc returns a gauge whose value is what function returns at the time of a
// scrape. function must be safe for concurrent use. If it hangs or panics, only this
// series is missing from the scrape.
func NewGaugeFunc(opts GaugeOpts, function func() float64) GaugeFunc {
	return instrument.NewFunc(model.Gauge, Opts(opts), function)
}

// NewUntypedFunc is NewGaugeFunc for a value of unknown type: a mirror of a metric of
// another system.
func NewUntypedFunc(opts UntypedOpts, function func() float64) UntypedFunc {
	return instrument.NewFunc(model.Untyped, Opts(opts), function)
}
