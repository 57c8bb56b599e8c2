package metric

import "math"

// Value returns the current value of a counter, a gauge or an untyped metric, whoever made
// it. It costs nothing extra for metrics of this package; others are asked to Write
// themselves.
//
// It returns NaN for everything that has no single value: histograms and summaries, nil, and
// metrics whose Write panics, returns an error, or writes nothing.
func Value(m Metric) (value float64) {
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
	case *valueFunc:
		return m.function()
	case *histogram, *summary:
		return math.NaN()
	}
	var data MetricData
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
