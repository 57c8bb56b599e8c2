// Package zstd takes the place of client_golang's package of that name, whose import
// makes its handlers offer zstd. Handlers of this module always offer it, so that
// importing this package does nothing.
package zstd
