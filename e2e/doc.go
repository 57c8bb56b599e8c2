// Package e2e lets a real Prometheus scrape the library, and compares the stored samples with the
// program's own. It does the same with the receivers to which the library pushes: Prometheus,
// VictoriaMetrics and the OpenTelemetry Collector.
//
// The tests that start servers need the build tag e2e (make e2e). The other tests always run. They read
// the library's exposition with Prometheus's own parsers.
package e2e
