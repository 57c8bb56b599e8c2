// Package clientgolang reads data that is private to client_golang: the contents of its descriptors,
// wrappers and constraints, and the names of its collectors. It takes them from the text of a
// descriptor or an error, or from unexported fields, so it depends on the version. The tests of this
// package fail if client_golang changes.
package clientgolang
