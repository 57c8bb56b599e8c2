package remotewrite

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/luxfi/metric/internal/redact"
	"github.com/luxfi/metric/internal/writereq"
)

const (
	maxText  = 512      // bytes of a response body that an error quotes
	maxDrain = 64 << 10 // bytes of a body that are read so that the connection can be reused

	drainTimeout = time.Second // limit for reading a body

	// maxRetryAfter limits the pause that a receiver can ask for, because its clock may be wrong.
	maxRetryAfter = 10 * time.Minute
)

// answer is a response.
type answer struct {
	status int
	header http.Header
	text   string // beginning of the body of an error, in one line and without credentials
}

// readAnswer reads a response. "Senders MUST ignore the response body" of a success.
func readAnswer(r *http.Response) answer {
	// A body that does not end must not make a receiver that has responded look slow.
	defer time.AfterFunc(drainTimeout, func() { _ = r.Body.Close() }).Stop()
	a := answer{status: r.StatusCode, header: r.Header}
	if !a.isSuccess() {
		text, _ := io.ReadAll(io.LimitReader(r.Body, maxText)) // The part before an error is enough.
		a.text = oneLine(string(text))
	}
	_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	return a
}

// oneLine returns the text with spaces for all characters that cannot be printed.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return redact.Text(strings.Join(strings.Fields(text), " "))
}

func (a *answer) isSuccess() bool { return a.status/100 == 2 }

// err returns an error with the status and the text.
func (a *answer) err() error {
	said := fmt.Sprintf("the receiver answered %d %s", a.status, http.StatusText(a.status))
	said = strings.TrimRight(said, " ")
	if location := a.header.Get("Location"); location != "" && a.status/100 == 3 {
		said += fmt.Sprintf(" with the location %q; only 307 and 308 are followed, up to %d times, because others do not keep the method POST",
			redact.Text(location), maxRedirects)
	}
	if a.text != "" {
		said += ": " + a.text
	}
	return errors.New(said)
}

// judge decides the outcome of a request of the given version that contained sent.
func judge(a answer, sent writereq.Counts, version Protocol) outcome {
	o := outcome{version: version}
	switch {
	case a.isSuccess():
		o.written = sent
		if version == V2 {
			return judgeWritten(a, sent)
		}
		return o
	case a.status == http.StatusTooManyRequests || a.status/100 == 5:
		// After 5xx, the whole request is sent again, even if a part was written ("Retries on Partial
		// Writes").
		o.verdict, o.retryAfter, o.err = postponed, retryAfter(a.header), a.err()
		return o
	case a.status == http.StatusUnsupportedMediaType:
		o.verdict, o.failed, o.err = rejected, sent, &versionError{a.err()}
		return o
	}
	o.verdict, o.err = rejected, a.err()
	if version == V2 && a.status/100 == 4 {
		o.written = written(a.header, sent)
	}
	o.failed = sent
	o.failed.Sub(o.written)
	return o
}

// judgeWritten decides the outcome of a successful request of version 2.0 from the counts that were
// written. If nothing was written, the receiver has read the request as one of version 1.0, in which it is
// empty: "Senders SHOULD assume 415" in that case.
func judgeWritten(a answer, sent writereq.Counts) outcome {
	o := outcome{version: V2, written: written(a.header, sent)}
	o.failed = sent
	if o.written == (writereq.Counts{}) && sent.Samples+sent.Histograms > 0 {
		o.verdict = rejected
		o.err = &versionError{fmt.Errorf("the receiver answered %d without having written anything: it may know version 1.0 only", a.status)}
		return o
	}
	o.written.Metadata = sent.Metadata
	o.failed.Sub(o.written)
	if o.failed != (writereq.Counts{}) {
		o.err = fmt.Errorf("the receiver answered %d, but has not written %s", a.status, describe(o.failed))
	}
	return o
}

// describe returns the counts in words.
func describe(c writereq.Counts) string {
	return fmt.Sprintf("%d samples, %d native histograms and %d exemplars", c.Samples, c.Histograms, c.Exemplars)
}

// retryAfter returns the pause that the receiver asks for. The header contains seconds or a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(time.Until(at), 0), maxRetryAfter)
}
