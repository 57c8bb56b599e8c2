// Package bench compares the library with its peers. Each peer does the same work in the same run. The
// package contains only benchmarks, whose names have the form
//
//	BenchmarkWork/what=value/…/peer=name
//
// so that benchstat can show the peers side by side:
//
//	go test -run '^$' -bench 'CounterInc' -count 6 | benchstat -col /peer -
//
// The program in report runs the benchmarks for which the project has targets, and prints the results.
package bench
