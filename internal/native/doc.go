// Package native implements the sparse half of native histograms: exponential buckets that exist only
// where something was observed, a zero bucket, a strategy against too many buckets, and the exemplars.
//
// The parts, in the order in which an observation meets them:
//
//   - [Buckets] counts observations. A histogram has one for each of its
//     stripes.
//   - [Limiter] decides what to do when a histogram has too many buckets, and
//     applies the remedy to all of its Buckets.
//   - [Exemplars] keeps some observations as examples.
//   - [Merger] adds up the Buckets of a histogram and lays them out as the
//     exposition formats require.
//
// The histogram is responsible for locks, timers and clocks. In this package, only Exemplars has a
// mutex.
//
// Layout and strategy are the same as in the native histograms of Prometheus, see
// https://prometheus.io/docs/specs/native_histograms/. For any sequence of observations, the result equals
// the output of client_golang, except where client_golang departs from its own documentation: here, an
// infinity is outside of any finite zero threshold, even if the threshold is the largest float64, and an
// exemplar TTL of -1 ns has the same meaning as any other negative TTL.
package native
