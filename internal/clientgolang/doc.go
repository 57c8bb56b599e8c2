// Package clientgolang knows what client_golang keeps private: what its descriptors, wrappings
// and constraints hold, and what its collectors are called. What it reads is written into the
// text of a descriptor or an error, or into unexported fields, so it depends on the version;
// the tests of this package fail when client_golang changes.
package clientgolang
