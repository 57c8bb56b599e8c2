package instrument

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
)

// Value returns the current value of a metric with a single value, and NaN otherwise.
func Value(m prometheus.Metric) (value float64) {
	defer func() {
		if recover() != nil {
			value = math.NaN()
		}
	}()
	switch m := m.(type) {
	case nil:
		return math.NaN()
	case ReadableCounter: // also readable gauges
		return m.Get()
	case *Func:
		return m.function()
	case *Histogram, *Summary:
		return math.NaN()
	}
	var data clientmodel.Metric
	if err := m.Write(&data); err != nil {
		return math.NaN()
	}
	return clientmodel.Value(&data)
}
