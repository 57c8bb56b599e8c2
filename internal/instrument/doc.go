// Package instrument is the machinery of instruments: counters, gauges, histograms, summaries and
// instruments that a function reads; the families and label values that tell their series apart;
// and the vectors that find a series by its label values. Package metric shows them to users, by
// interfaces and by vector types of its own, and documents them. An instrument is a metric and a
// collector, but the library reads it without either: as a [model.Source] that [SourceOf] returns
// for whatever is one of our own ([Own]) and nobody else's code.
package instrument
