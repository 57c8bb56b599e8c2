// Package e2e lets a real Prometheus scrape the library, and compares what it has
// stored with what the program observed.
//
// The tests that start servers need the build tag e2e (make e2e). The others, which
// read the library's exposition with Prometheus's own parsers, always run.
package e2e
