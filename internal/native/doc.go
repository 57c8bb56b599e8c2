// Package native keeps the sparse half of native histograms: exponential
// buckets that exist only where something was observed, a zero bucket, a
// strategy against too many buckets, and the exemplars.
//
// The parts, in the order in which an observation meets them:
//
//   - [Buckets] counts observations. A histogram has one for each of its
//     stripes.
//   - [Limiter] decides what to do when a histogram has too many buckets, and
//     does it to all of its Buckets.
//   - [Exemplars] keeps some observations as examples.
//   - [Merger] adds up the Buckets of a histogram and lays them out as the
//     exposition formats want them.
//
// Nothing here locks, starts a timer or reads a clock, with the one exception
// of Exemplars, which has a mutex of its own: the histogram does all of that.
//
// Layout and strategy are those of the native histograms of Prometheus, see
// https://prometheus.io/docs/specs/native_histograms/. The result equals that of
// client_golang, for any sequence of observations, but where that departs from
// its own documentation: here, an infinity is outside of any finite zero
// threshold, even that of the largest float64, and an exemplar TTL of -1 ns means
// what any other negative one does.
package native
