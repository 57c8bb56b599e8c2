package dashboard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/printable"
	"github.com/luxfi/metric/internal/redact"
)

// The lengths of the texts about an error, in bytes.
const (
	maxShort  = 200
	maxDetail = 8 << 10
)

// errorTexts returns the texts of errors. Their methods are the program's, and may panic or hang.
type errorTexts struct{ caller callback.Caller }

// allowance returns the time limit that several calls of Error methods share: the short time that is left
// after a scrape.
func (t *errorTexts) allowance() *callback.Allowance {
	over, end := context.WithCancel(context.Background())
	end()
	return callback.NewAllowance(over)
}

// line returns a short line about an error, or "" if err is nil.
func (t *errorTexts) line(err error) string { return shorten(t.of(t.allowance(), err)) }

// of returns the text of an error and the stack of a panic, without credentials. It returns "" if err is
// nil.
func (t *errorTexts) of(p *callback.Allowance, err error) string {
	if err == nil {
		return ""
	}
	text, failed := callback.Call(&t.caller, p, func() (string, error) { return wholeText(err), nil })
	switch {
	case errors.Is(failed, callback.ErrBlocked):
		return "an error whose Error method does not return"
	case failed != nil:
		return "an error whose Error method panics"
	}
	return printable.Text(redact.Text(text))
}

// wholeText returns the text of an error. For a scrape with several failures it returns only the first
// one, because the collectors show all of them.
func wholeText(err error) string {
	if scrape, ok := err.(*metric.GatherError); ok && len(scrape.Failures) > 0 { //nolint:errorlint // An error that wraps it has something to add.
		text := scrape.Failures[0].Error()
		if n := len(scrape.Failures); n > 1 {
			return fmt.Sprintf("%d failures, the first: %s", n, text)
		}
		return text
	}
	var panicked *engine.PanicError
	text := err.Error()
	if errors.As(err, &panicked) {
		text += "\n\n" + string(panicked.Stack)
	}
	return text
}

// shorten returns the first line of a text, and cuts it if it is long.
func shorten(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return cut(strings.Join(strings.Fields(line), " "), maxShort)
}

// cut returns the first most bytes of a text, with a mark if something is missing.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// shortError returns a line about an error of the dashboard itself. The error may contain texts from a
// client.
func shortError(err error) string { return shorten(printable.Text(redact.Text(err.Error()))) }
