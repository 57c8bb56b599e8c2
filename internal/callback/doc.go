// Package callback calls functions of the program around the library, such as hooks, loggers and
// the options of a handler, on behalf of scrapes that must end in time.
//
// Such a function may panic, block or return a context that cannot be used. A panic becomes an
// error ([Try]). A function that blocks is left behind when the [Patience] of the scrape ends, and
// its [Caller] does not call it again until it has returned, so that goroutines do not pile up. A
// context is checked before it is used ([MakeContext]).
package callback
