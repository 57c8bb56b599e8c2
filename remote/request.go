package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/hops"
)

const (
	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

	accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=1," +
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.8," +
		"text/plain;version=0.0.4;escaping=allow-utf-8;q=0.6"
	acceptEncoding = "zstd,gzip;q=0.8"

	userAgent = "luxfi-metric"
)

// fetch requests the metrics of the target and returns them, decompressed.
func (t *Target) fetch(ctx context.Context) (*body, error) {
	for attempt := 0; ; attempt++ {
		start := time.Now()
		b, err := t.try(ctx)
		var broken *brokenError
		if err == nil || !errors.As(err, &broken) || attempt >= t.opts.Retries || !isTimeFor(ctx, time.Since(start)) {
			return b, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retryPause):
		}
	}
}

// retryPause is how long a target has to recover before the next attempt.
const retryPause = 20 * time.Millisecond

// isTimeFor reports whether an attempt that takes as long as the one before would end before the
// deadline.
func isTimeFor(ctx context.Context, took time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) > took+retryPause)
}

// brokenError is the failure of a connection, after which another attempt may succeed.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// isOver reports whether err is the end of a context, or of the client's Timeout, rather than a failure
// of the connection.
func isOver(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// try makes one request.
func (t *Target) try(ctx context.Context) (*body, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url.String(), http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", acceptEncoding)
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set(hops.Header, hops.Value(ctx, t.id))
	t.opts.announceTimeout(r)
	response, err := t.opts.Client.Do(r)
	if err != nil {
		return nil, connectionError(err)
	}
	defer response.Body.Close() //nolint:errcheck // It was only read from.
	return t.read(response)
}

// announceTimeout tells the other process how much time it has: until the request ends or, if a
// policy lets that go on after the scrape, until the end of the scrape. A process that gathers from
// others would otherwise wait for the last of them until it is too late.
func (o *Opts) announceTimeout(r *http.Request) {
	left := o.Client.Timeout
	earliest := func(t time.Time, ok bool) {
		if ok && (left <= 0 || time.Until(t) < left) {
			left = max(time.Until(t), minTimeout)
		}
	}
	earliest(r.Context().Deadline())
	earliest(engine.Wanted(r.Context()))
	if left > 0 {
		r.Header.Set(timeoutHeader, strconv.FormatFloat(o.timeFor(left).Seconds(), 'f', -1, 64))
	}
}

// minTimeout is what the other process is told if there is no time left.
const minTimeout = time.Millisecond

// timeFor returns how much of the time that is left the other process gets.
func (o *Opts) timeFor(left time.Duration) time.Duration {
	margin := o.Margin
	if margin == 0 {
		margin = min(defaultMargin, left/marginFraction)
	}
	margin = max(margin, 0)
	if margin >= left {
		margin = left / 2
	}
	return left - margin
}

// errRedirects reports too many redirects. It is not a failure of the connection.
var errRedirects = errors.New("too many redirects")

// redirected returns the CheckRedirect function of a target's client. It bounds redirects, asks the
// caller's function, which may be nil, and tells the next server how much time is left by then.
func (o *Opts) redirected(policy func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		if len(via) > o.MaxRedirects {
			return fmt.Errorf("%w: at most %d are allowed", errRedirects, o.MaxRedirects)
		}
		o.announceTimeout(r)
		if policy != nil {
			return policy(r, via)
		}
		return nil
	}
}

// connectionError returns the error of a request without its URL, as the failure of a connection if it
// is one.
func connectionError(err error) error {
	var u *url.Error
	isURL := errors.As(err, &u)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch err = withoutURL(err); {
	case isOver(err):
		return fmt.Errorf("there was no response yet: %w", err)
	case isURL && !isCertificate && !errors.Is(err, errRedirects):
		return &brokenError{err}
	default:
		return err
	}
}

// withoutURL returns the error without the URL that net/http adds: the target has a name already.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
