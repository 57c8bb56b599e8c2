// Package callname gives package metrictest access to the names of collectors and gatherers in the
// errors of package metric.
package callname

// Of returns the name of a collector or gatherer for error messages: the metric name of an instrument,
// the function from which a value was made, or the type of any other value. Package metric sets Of
// during initialization.
var Of func(v any) string
