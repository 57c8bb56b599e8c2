// Package gokit implements the interfaces of github.com/go-kit/kit/metrics with vectors of
// github.com/luxfi/metric. Services and middlewares that take a go-kit Counter, Gauge or Histogram then
// update these vectors, which are scraped with all other metrics.
//
// A program that uses go-kit's package metrics/prometheus can migrate by changing the import path.
// [NewCounterFrom], [NewGaugeFrom], [NewSummaryFrom] and [NewHistogramFrom] make a vector and register it
// with [metric.DefaultRegisterer]. They panic if the registration fails, because that is a mistake in the
// program that shows when it starts. [RegisterCounter] and the like take any registerer and return an error
// instead. If they are called again, they return the same vector. [NewCounter] and the like take a vector
// that the program has made and registered itself. The limits and expiry of vectors, as set by
// [metric.MetricVec.SetLimit], apply as usual.
//
// # Labels
//
// With adds pairs of names and values, in any number of steps. It copies them and does not look up the
// series. The first update of its result finds the series. Later updates go directly to the instrument, so
// a middleware should keep the result of With if it can. As in go-kit, the last value for a name counts, a
// name without a value has the value "unknown", and a series does not exist before its first update.
//
// If the program deletes a series from its vector, for example by Reset or DeleteLabelValues, earlier
// results of With do not bring the series back: their updates are lost. go-kit's package looks up the
// series for each update and creates it again. [metric.MetricVec.SetExpiry] removes unused series without
// losing updates.
//
// # Mistakes
//
// The interfaces of go-kit have no errors, and an update must not stop the program. So these updates are
// left out and reported:
//
//   - an update with labels that the vector does not have
//   - a change of a counter by a negative number, NaN or an infinity
//   - an observation of NaN or an infinity, because it would make the sum useless forever
//
// By default, such mistakes are logged with [log/slog], at most once a minute for each metric. The option
// [OnError] passes all of them to a function. This package does not panic where go-kit's package does.
// Gauges accept every number.
package gokit
