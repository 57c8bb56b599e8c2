// Package callback calls user functions, such as hooks, loggers and the options of a handler, on behalf of
// scrapes that must end in time.
//
// Such a function may panic, block or return a context that cannot be used. [Try] turns a panic into an
// error. If a function blocks, the scrape leaves it behind when its [Allowance] is used up, and the
// [Caller] does not call the function again until it has returned, so that goroutines do not pile up.
// [MakeContext] checks a context before it is used.
package callback
