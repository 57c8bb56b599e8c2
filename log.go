package metric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/luxfi/metric/internal/scrape"
)

// LogErrors returns a function for HandlerOpts.ErrorLog that logs each failure as one line, at most
// once a minute for each collector and kind of failure. [WithLogger] describes the attributes of a
// line. If logger is nil, the function uses the default logger at the time of the call. The
// function is safe for concurrent use.
//
// Without limits, the bound applies to this one function. A program that makes a handler for each
// request passes one [LogLimits] to all calls. LogErrors panics if there is more than one
// LogLimits.
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

// LogLimits limits several logs of failures together: they log each kind of failure of a collector
// at most once a minute, with the number of lines suppressed since the last one. It is for programs
// that make a registry or a handler for each request, and is passed to [WithLogger] and
// [LogErrors]. LogLimits tells collectors apart by their names; see [WithName].
//
// If the logger blocks and writes one line for more than a second, no other line is begun until it
// returns. Such lines count as suppressed.
//
// The zero value is ready to use, and safe for concurrent use. A LogLimits must not be copied.
type LogLimits struct{ limits scrape.LogLimits }

// defaultLogLimits are the limits of handlers without an ErrorLog, each of which may be made for
// one request.
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
