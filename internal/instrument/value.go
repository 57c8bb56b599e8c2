package instrument

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Value returns the current value of a metric that has a single one, and otherwise NaN.
func Value(m prometheus.Metric) (value float64) {
	defer func() {
		if recover() != nil {
			value = math.NaN()
		}
	}()
	switch m := m.(type) {
	case nil:
		return math.NaN()
	case ReadableCounter: // So are readable gauges.
		return m.Get()
	case *Func:
		return m.function()
	case *Histogram, *Summary:
		return math.NaN()
	}
	var data dto.Metric
	if err := m.Write(&data); err != nil {
		return math.NaN()
	}
	switch {
	case data.Counter != nil:
		return data.Counter.GetValue()
	case data.Gauge != nil:
		return data.Gauge.GetValue()
	case data.Untyped != nil:
		return data.Untyped.GetValue()
	default:
		return math.NaN()
	}
}
