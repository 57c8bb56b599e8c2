package metric

import "github.com/luxfi/metric/internal/instrument"

// Value returns the current value of a counter, a gauge or an untyped metric of any package. For
// metrics of this package, it takes no longer than Get. For others, it calls Write.
//
// Value returns NaN for a metric that has no single value: histograms and summaries, nil, and
// metrics whose Write panics, returns an error, or writes nothing.
func Value(m Metric) float64 { return instrument.Value(m) }
