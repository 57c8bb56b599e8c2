// Package callname says what people call collectors and gatherers, in errors and as default names.
// It connects package metrictest with what package metric knows of them.
package callname

// Of returns what people call a collector or gatherer: an instrument by the name of its metric,
// what is made of a function by that function, and everything else by its type. Package metric
// sets it while packages are initialized.
var Of func(v any) string
