// Package dropin shows that this library takes the place of client_golang.
//
// The program in twin is built against client_golang, and once more with its import
// paths rewritten by the command that docs/migration.md gives; both have to serve, push
// and report the same. The other tests let both libraries, and others that use
// client_golang, work together in one program.
package dropin
