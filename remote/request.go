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

// fetch requests the metrics of the target and returns them decompressed.
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

// retryPause is the time before the next attempt. The target may recover during it.
const retryPause = 20 * time.Millisecond

// isTimeFor reports whether an attempt that takes as long as the previous one would end before the
// deadline.
func isTimeFor(ctx context.Context, took time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) > took+retryPause)
}

// brokenError is the failure of a connection, after which another attempt may succeed.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

// isOver reports whether err is the end of a context or of the client's Timeout, and not a failure of the
// connection.
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

// announceTimeout sends the other process the time that it has: until the request ends or, if a policy lets
// the request continue after the scrape, until the end of the scrape. Otherwise, a process that gathers
// from others would wait too long for the last of them.
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

// minTimeout is the timeout that is sent to the other process if no time is left.
const minTimeout = time.Millisecond

// timeFor returns the part of the remaining time that the other process may use.
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

// redirected returns the CheckRedirect function of a target's client. The function limits redirects and calls
// policy, the caller's function, unless it is nil. It sends the next server the time that is left.
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

// connectionError returns the error of a request without its URL. If it is a failure of the connection, the
// result is a brokenError.
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

// withoutURL returns the error without the URL that net/http adds, because errors name the target anyway.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
