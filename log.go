package metric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/luxfi/metric/internal/scrape"
)

// LogErrors returns a function for HandlerOpts.ErrorLog that logs each failure as one
// line, at most once a minute for each collector and kind of failure; WithLogger tells
// which attributes a line has. A nil logger is the default one at that time. The function
// is safe for concurrent use.
//
// By default, the limit is that of this one function. A program that makes a handler for each
// request passes one [LogLimits] to all calls. More than one LogLimits panics.
func LogErrors(logger *slog.Logger, limits ...*LogLimits) func(error) {
	l := scrape.NewFailureLog(logger, limitsOf(limits))
	return func(err error) {
		if failed, ok := errors.AsType[*GatherError](err); ok {
			list := make([]*scrape.Failure, len(failed.Failures))
			for i, f := range failed.Failures {
				list[i] = &scrape.Failure{Collector: f.Collector, Err: f.Err}
			}
			l.Log(context.Background(), nil, scrape.CollectingFailed, list)
			return
		}
		l.Log(context.Background(), nil, "serving metrics failed", []*scrape.Failure{{Err: err}})
	}
}

// LogLimits is what several logs of failures have in common, so that together they log
// each kind of failure of a collector once a minute at most, with the number of lines that
// were suppressed. It is for programs that make a registry or a handler for each request, and
// is passed to [WithLogger] and [LogErrors]. Collectors are told apart by their names;
// see [WithName].
//
// While a line is being written for more than a second, because the logger blocks, no other
// one is begun: it counts as suppressed.
//
// The zero value is ready, and safe for concurrent use. It must not be copied.
type LogLimits struct{ limits scrape.LogLimits }

// defaultLogLimits are those of handlers that were made without options: each may be for one
// request.
var defaultLogLimits LogLimits

// limitsOf returns the limits of at most one LogLimits.
func limitsOf(limits []*LogLimits) *scrape.LogLimits {
	switch {
	case len(limits) > 1:
		panic(fmt.Errorf("a log of failures takes one LogLimits, not %d", len(limits)))
	case len(limits) == 0 || limits[0] == nil:
		return nil
	default:
		return &limits[0].limits
	}
}
