package web

// Result is what became of a scrape and of its answer.
type Result struct {
	Begun     bool  // A part of the exposition may have been sent.
	Gathering error // What could not be gathered.
	Encoding  error // What the format has no place for.
	Writing   error // What kept the exposition from being made, or sent to its end.
	Gone      bool  // The client has gone away.
	Late      bool  // The client has not read the answer in time.
}

// Strictness says what a handler does if something is missing from a scrape.
type Strictness int

// What a handler does if something is missing from a scrape.
const (
	Lenient   Strictness = iota // It serves all that there is.
	Strict                      // It answers with an error.
	Panicking                   // It panics.
)

// Ending is how an answer ends.
type Ending int

// The ends of an answer.
const (
	Complete  Ending = iota // The exposition is sent to its end.
	ShowError               // The answer is an error.
	Panic                   // There is no answer: the handler panics.
	BreakOff                // What was sent must not be taken for all that there is.
)

// Ending returns how the answer ends. An exposition of which nothing was sent, since nothing was
// gathered, becomes an error even if the handler is lenient.
func (r *Result) Ending(s Strictness) Ending {
	switch {
	case r.Writing != nil && r.Begun:
		return BreakOff
	case r.Writing != nil:
		return ShowError
	case r.Gathering == nil && r.Encoding == nil:
		return Complete
	case s == Panicking && !r.Gone:
		return Panic
	case s != Lenient || !r.Begun:
		return ShowError
	default:
		return Complete
	}
}
