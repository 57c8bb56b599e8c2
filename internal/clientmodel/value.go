package clientmodel

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// Metric is one metric of a family. The Write method of a [prometheus.Metric] fills it in.
type Metric = dto.Metric

// Family is a metric family as gatherers return it.
type Family = dto.MetricFamily

// LabelPair is a label of a [Metric].
type LabelPair = dto.LabelPair

// Value returns the value of a counter, a gauge or an untyped metric, and NaN for a metric without a
// single value.
func Value(m *Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	case m.Untyped != nil:
		return m.Untyped.GetValue()
	default:
		return math.NaN()
	}
}
