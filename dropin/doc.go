// Package dropin shows that this library can replace client_golang.
//
// The tests build the program in twin against client_golang, and once more with its import paths
// rewritten by the command in docs/migration.md. Both programs must serve, push and report the same.
// Other tests use both libraries, and other modules that depend on client_golang, in one program.
package dropin
