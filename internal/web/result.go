package web

// Result is the result of a scrape and of its answer.
type Result struct {
	Begun     bool  // A part of the exposition may have been sent.
	Gathering error // what could not be gathered
	Encoding  error // what the format cannot represent
	Writing   error // why the exposition could not be made or was not sent completely
	Gone      bool  // The client has gone away.
	Late      bool  // The client has not read the answer in time.
}

// Strictness is the reaction of a handler to a scrape that is not complete.
type Strictness int

// Reactions of a handler to a scrape that is not complete.
const (
	Lenient   Strictness = iota // It serves what it has.
	Strict                      // It answers with an error.
	Panicking                   // It panics.
)

// Ending is how an answer ends.
type Ending int

// The endings of an answer.
const (
	Complete  Ending = iota // The exposition is sent completely.
	ShowError               // The answer is an error.
	Panic                   // The handler panics without an answer.
	BreakOff                // The answer is broken off, and the client sees that.
)

// Ending returns how the answer ends. If the scrape has failed and nothing was sent, even a lenient handler
// answers with an error.
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
