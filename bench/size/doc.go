// Package size compares how large programs are: the smallest ones that serve a counter, with
// this library (ours), with client_golang (theirs), with the import paths of one replaced by
// those of the other (dropin), and without metrics (base). make size prints the sizes.
package size
