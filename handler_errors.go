package metric

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/redact"
)

// report logs and counts what went wrong, and returns all of it.
func (h *handler) report(s *scrape, refused *failures) error {
	gathering, encoding := s.failures.err(), refused.err()
	if worthLogging := s.worthLogging(); gathering != nil && len(worthLogging) > 0 {
		logged := gathering
		if s.abandoned {
			logged = &GatherError{Failures: worthLogging}
		}
		h.countAndLog(s.patience, "gathering", fmt.Errorf("error gathering metrics: %w", logged))
	}
	if encoding != nil {
		h.countAndLog(s.patience, "encoding", fmt.Errorf("error encoding metrics: %w", encoding))
	}
	switch {
	case gathering == nil:
		return encoding
	case encoding == nil:
		return gathering
	}
	return &GatherError{Failures: slices.Concat(failuresIn(gathering), failuresIn(encoding))}
}

// failuresIn returns the failures of which err consists.
func failuresIn(err error) []*CollectorError {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // What is around others is part of the failure.
		return failed.Failures
	}
	return []*CollectorError{{Err: err}}
}

func (h *handler) countAndLog(p *callback.Patience, cause string, err error) {
	h.errors.WithLabelValues(cause).Inc()
	h.log(p, err)
}

// log calls ErrorLog, for as long as p allows. If it panics, that costs nothing else.
func (h *handler) log(p *callback.Patience, err error) {
	if h.opts.ErrorLog == nil {
		return
	}
	if n := h.unlogged.Swap(0); n > 0 {
		err = &afterSilenceError{n, err}
	}
	if !logTo(h.opts.ErrorLog, &h.errorLog, p, err) {
		n := int64(1)
		if after, ok := err.(*afterSilenceError); ok { //nolint:errorlint // It is made above.
			n += after.unlogged
		}
		h.unlogged.Add(n)
	}
}

// logTo calls an ErrorLog, which may be nil, for as long as p allows. It reports whether it
// has returned.
func logTo(log func(error), c *callback.Caller, p *callback.Patience, err error) bool {
	if log == nil {
		return true
	}
	failed := c.Call(p, func() error {
		log(err)
		return nil
	})
	return !errors.Is(failed, callback.ErrBlocked)
}

// afterSilenceError is an error that is logged after others that were not.
type afterSilenceError struct {
	unlogged int64
	err      error
}

func (e *afterSilenceError) Error() string {
	return fmt.Sprintf("%v (%d more error(s) may not have been logged, since ErrorLog blocked)", e.err, e.unlogged)
}

func (e *afterSilenceError) Unwrap() error { return e.err }

// httpError answers with an error.
func (h *handler) httpError(w *wire, p *callback.Patience, err error) {
	var text string
	if h.opts.ErrorText == nil {
		text = shown(err.Error())
	} else {
		var failed error
		text, failed = callback.Call(&h.errorText, p, func() (string, error) { return h.opts.ErrorText(err), nil })
		if text = printable(text); failed != nil {
			text = http.StatusText(http.StatusInternalServerError)
		}
	}
	w.arm()
	http.Error(w.to, "An error has occurred while serving metrics:\n\n"+text, http.StatusInternalServerError)
}

// shown returns the text of an error as an answer shows it by default: without credentials and
// control characters.
func shown(text string) string { return printable(redact.Text(text)) }
