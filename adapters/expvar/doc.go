// Package expvar exposes the variables of the standard library's package expvar as metrics, and metrics as
// a variable.
//
// [NewCollector] exposes everything that the program and its libraries publish, without a list of
// variables. It also exposes variables that are published later. It leaves out only memstats and cmdline,
// because [metric.NewGoCollector] exposes the same data in a better form; see [WithSelect].
//
// # Names, labels and types
//
// The name of a variable becomes the name of its metric. Each character other than ASCII letters, digits,
// underscores and colons becomes an underscore.
//
//   - Numbers become untyped metrics, as in client_golang's expvar collector, because expvar does not
//     distinguish counters from gauges. PromQL treats untyped metrics like others. [WithCounters] and
//     [WithGauges] give a type to the metrics whose names match an expression.
//   - Booleans become 0 or 1.
//   - The keys of an expvar.Map become values of the label key. Those of a Map within a Map become values
//     of the label key2. [WithLabels] sets other names.
//   - The fields of a JSON object, such as one that an expvar.Func returns, become part of the name:
//     pool.idle becomes the metric pool_idle. [WithLabels] turns them into labels instead.
//   - Strings are left out, unless [WithStrings] turns them into labels of metrics. Arrays and nulls are
//     left out.
//
// If two variables or fields lead to the same name, the collector exposes one of them and reports the
// other. Numbers take precedence over functions, and otherwise names that are earlier in the alphabet.
//
// # Functions
//
// An expvar.Func, like any other implementation of expvar.Var, is code of the program. The collector calls
// all of them concurrently, each in its own goroutine. It reports a function that panics, returns invalid
// JSON, or does not return before the scrape's deadline or its own ([WithFuncTimeout]). Such a failure
// affects only the values of that function. A function that has missed a deadline is not called again until
// it has returned. Meanwhile, scrapes report [metric.ErrStillRunning] without waiting for it. Policies such
// as [metric.WithCache] apply to the collector as a whole.
//
// A variable has at most 1,000 series and 5 levels; see [WithLimit] and [WithDepth]. The collector leaves
// out further series and levels, and reports that.
//
// # The other direction
//
// [Publish] publishes the metrics of a registry as a variable, for programs that read /debug/vars. The
// collectors of this package leave such variables out.
// of this package leave such variables out.
package expvar
