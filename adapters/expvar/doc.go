// Package expvar exposes the variables of the standard library's package expvar as metrics, and
// metrics as a variable.
//
// [NewCollector] exposes everything that the program and its libraries publish, without a list of
// variables. What is published later is exposed from then on. Only memstats and cmdline are left out,
// because [metric.NewGoCollector] exposes the same in a better form; see [WithSelect].
//
// # Names, labels and types
//
// The name of a variable is the name of its metric. Each character but ASCII letters, digits,
// underscores and colons becomes an underscore.
//
//   - Numbers are untyped metrics, because expvar does not say whether a number is a counter or a
//     gauge. So does client_golang's expvar collector, and PromQL does not mind. [WithCounters] and
//     [WithGauges] give a type to the metrics whose names match an expression.
//   - Booleans are 0 or 1.
//   - The keys of an expvar.Map are values of the label key, and those of a Map in a Map values of the
//     label key2. [WithLabels] names them.
//   - The fields of a JSON object, which is what an expvar.Func may return, become part of the name:
//     pool.idle is the metric pool_idle. [WithLabels] makes labels of them instead.
//   - Strings are left out, or the value of a metric's label by [WithStrings]. Arrays and nulls are
//     left out.
//
// If two variables or fields lead to the same name, one of them is exposed and the other one is
// reported. Of the former kind are numbers before functions, and names that are earlier in the
// alphabet.
//
// # Functions
//
// An expvar.Func, and any other implementation of expvar.Var, is code of the program. Each runs in a
// goroutine of its own, and all of them at once. One that panics, returns invalid JSON, or is not
// finished when the scrape's deadline or its own ([WithFuncTimeout]) has passed, is reported, and
// costs nothing but its own values. One that has missed a deadline is not started again before it
// returns, and scrapes in the meantime report [metric.ErrStillRunning] without waiting. Policies such
// as [metric.WithCache] apply to the collector as a whole.
//
// A variable has at most 1,000 series and 5 levels; see [WithLimit] and [WithDepth]. What is beyond is
// left out and reported.
//
// # The other direction
//
// [Publish] makes the metrics of a registry a variable, for programs that read /debug/vars. Collectors
// of this package leave such variables out.
package expvar
