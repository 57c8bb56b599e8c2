package metric

import (
	"slices"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// reportMissing logs and counts what is missing from a scrape.
func (h *handler) reportMissing(s *scrape.Scrape, result *web.Result) {
	if worthLogging := s.WorthLogging(); result.Gathering != nil && len(worthLogging) > 0 {
		logged := result.Gathering
		if s.Abandoned {
			logged = gatherError(worthLogging)
		}
		h.countAndLog(s.Patience, "gathering", "error gathering metrics", logged)
	}
	if result.Encoding != nil {
		h.countAndLog(s.Patience, "encoding", "error encoding metrics", result.Encoding)
	}
}

// reportWriting logs and counts what kept an answer from being sent to its end. That a client has
// gone away is neither logged nor counted. That it has stopped reading is.
func (h *handler) reportWriting(p *callback.Patience, result *web.Result) {
	switch {
	case result.Writing == nil:
	case result.Late:
		h.countAndLog(p, "encoding", "the client has not read the answer in time, see HandlerOpts.SendTimeout", result.Writing)
	case !result.Gone:
		h.errors.WithLabelValues("encoding").Inc()
		h.errorLog.Log(p, result.Writing)
	}
}

func (h *handler) countAndLog(p *callback.Patience, cause, doing string, err error) {
	h.errors.WithLabelValues(cause).Inc()
	h.errorLog.Log(p, &web.ServeError{Doing: doing, Err: err})
}

// missing returns all that is missing from a scrape.
func missing(result *web.Result) error {
	switch {
	case result.Gathering == nil:
		return result.Encoding
	case result.Encoding == nil:
		return result.Gathering
	}
	return &GatherError{Failures: slices.Concat(failuresIn(result.Gathering), failuresIn(result.Encoding))}
}

// failuresIn returns the failures of which err consists.
func failuresIn(err error) []*CollectorError {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // What is around others is part of the failure.
		return failed.Failures
	}
	return []*CollectorError{{Err: err}}
}
