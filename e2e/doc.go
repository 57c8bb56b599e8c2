// Package e2e tests the library with real servers. Prometheus scrapes a program, and the tests compare
// the stored samples with the program's values. They do the same with the receivers to which the library
// pushes: Prometheus, VictoriaMetrics and the OpenTelemetry Collector.
//
// The tests that start servers need the build tag e2e (make e2e). The other tests always run. They read
// the library's expositions with Prometheus's own parsers.
package e2e
