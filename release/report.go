package main

import (
	"fmt"
	"io"
)

// A report prints the results of checks, and counts those that failed.
type report struct {
	w        io.Writer
	failures int
}

// pass reports a check that has passed.
func (r *report) pass(format string, args ...any) {
	fmt.Fprintf(r.w, "ok    "+format+"\n", args...)
}

// note reports a fact that the reader should know, and that is no failure.
func (r *report) note(format string, args ...any) {
	fmt.Fprintf(r.w, "note  "+format+"\n", args...)
}

// fail reports a check that has failed.
func (r *report) fail(format string, args ...any) {
	r.failures++
	fmt.Fprintf(r.w, "FAIL  "+format+"\n", args...)
}

// result passes with the given text if no check has failed since there were before failures.
func (r *report) result(before int, format string, args ...any) {
	if r.failures == before {
		r.pass(format, args...)
	}
}
