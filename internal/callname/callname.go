// Package callname connects package metrictest with the names that package metric has for
// collectors and gatherers in its errors.
package callname

// Of returns what people call a collector or gatherer: an instrument by the name of its metric,
// what is made of a function by that function, and everything else by its type. Package metric
// sets it while packages are initialized.
var Of func(v any) string
