// Package bench compares the library with its peers: the same work for each, in one
// run. It has only benchmarks. They are called
//
//	BenchmarkWork/what=value/…/peer=name
//
// so that benchstat can put the peers side by side:
//
//	go test -run '^$' -bench 'CounterInc' -count 6 | benchstat -col /peer -
//
// The program in report runs those that the project has set itself targets for, and
// prints how they stand.
package bench
