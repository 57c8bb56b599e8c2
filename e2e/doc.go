// Package e2e lets a real Prometheus scrape the library, and compares what it has
// stored with what the program observed. It does the same with the receivers that
// the library pushes to: Prometheus, VictoriaMetrics and the OpenTelemetry Collector.
//
// The tests that start servers need the build tag e2e (make e2e). The others, which
// read the library's exposition with Prometheus's own parsers, always run.
package e2e
