package metric

import "github.com/luxfi/metric/internal/instrument"

// Value returns the current value of a counter, a gauge or an untyped metric, whoever made
// it. It costs nothing extra for metrics of this package; others are asked to Write
// themselves.
//
// It returns NaN for everything that has no single value: histograms and summaries, nil, and
// metrics whose Write panics, returns an error, or writes nothing.
func Value(m Metric) float64 { return instrument.Value(m) }
