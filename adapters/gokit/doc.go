// Package gokit implements the interfaces of github.com/go-kit/kit/metrics on vectors of
// github.com/luxfi/metric. Services and middlewares that take a go-kit Counter, Gauge or Histogram are
// then counted by these vectors, and scraped with everything else.
//
// A program that uses go-kit's own package metrics/prometheus moves over by changing the import path:
// [NewCounterFrom], [NewGaugeFrom], [NewSummaryFrom] and [NewHistogramFrom] make a vector and register
// it with [metric.DefaultRegisterer], and panic if that fails, because it is a mistake in the program
// that shows when it starts. [RegisterCounter] and the like take any registerer, return an error
// instead, and return the same vector when they are called again. [NewCounter] and the like take a
// vector that the program has made and registered itself; limits and expiry of vectors, such as those
// of [metric.MetricVec.SetLimit], apply as ever.
//
// # Labels
//
// With adds pairs of names and values, in any number of steps. It copies them and looks nothing up.
// The first update of what With has returned finds the series, and later ones go straight to the
// instrument. So a middleware that can keep what With returns should do so. As in go-kit, the last
// value of a name counts, a name without a value has the value "unknown", and a series exists from its
// first update on.
//
// A series that the program deletes from its vector, as by Reset or DeleteLabelValues, does not come
// back through what With returned before: updates of it are lost. go-kit's own package looks up the
// series for each update and makes it anew. [metric.MetricVec.SetExpiry] ends unused series without
// such a loss.
//
// # Mistakes
//
// The interfaces of go-kit have no errors, and an update must not stop the program. So an update that
// cannot be made is left out and reported:
//
//   - one with label names that are not those of the vector, too few or too many
//   - a counter that is to be changed by a negative number, NaN or an infinity
//   - an observation of NaN or an infinity, which would make the sum useless forever
//
// By default, the mistakes of a metric are logged with [log/slog], at most one a minute. The option
// [OnError] passes all of them to a function. Where go-kit's own package panics, this one does not.
// Gauges take every number.
package gokit
