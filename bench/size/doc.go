// Package size compares the sizes of the smallest programs that serve a counter: with this library
// (ours), with client_golang (theirs), and with theirs after its import paths have been replaced
// (dropin). The program base is theirs without metrics. make size prints the sizes.
package size
