// Package otelmetric connects the metrics of package metric with the traces of
// OpenTelemetry: the observations of a traced request get exemplars that lead to its
// trace, and scrapes become traces themselves, in which a slow collector can be seen.
//
// It is a module of its own, so that who imports metric does not get OpenTelemetry.
package otelmetric
