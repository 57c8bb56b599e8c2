// Package instrument implements counters, gauges, histograms, summaries and instruments that read a
// function, the families and label values of their series, and the vectors that find a series by its
// label values. Package metric exports them as interfaces and vector types, and documents them. An
// instrument is a metric and a collector, but the library reads it more directly, as a [model.Source]:
// [SourceOf] returns the source of each instrument and vector of this library ([Own]) that runs no user
// code.
package instrument
