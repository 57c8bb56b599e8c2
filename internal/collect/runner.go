package collect

import "github.com/luxfi/metric/internal/engine"

// Runner is implemented by collectors and gatherers of this module that write to the engine's sink
// themselves, such as remote targets.
type Runner interface {
	// ScrapeRun returns the run. The receiver comes with it, because a type of a user that
	// embeds a Runner has this method, too, but may do something else.
	ScrapeRun() (receiver any, run engine.Run)
}

// RunOf returns the run of v if it is a Runner, and else nil.
func RunOf(v any) engine.Run {
	if r, ok := v.(Runner); ok {
		if receiver, run := r.ScrapeRun(); receiver == v {
			return run
		}
	}
	return nil
}
