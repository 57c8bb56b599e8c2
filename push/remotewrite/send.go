package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq"
)

// verdict is the result of sending a request.
type verdict uint8

const (
	delivered verdict = iota // The receiver has accepted it.
	rejected                 // The receiver will never accept it, or not all of it.
	postponed                // The receiver may accept it later.
)

// outcome is the result of sending a record.
type outcome struct {
	verdict verdict
	version Protocol // version of the last request

	// written counts the data that the receiver has accepted, and failed the data that it will never
	// accept. Their sum is the count of the record. If the verdict is postponed, both are zero.
	written, failed writereq.Counts

	bytes      int           // bytes of the bodies that were sent, after compression
	retryAfter time.Duration // pause that the receiver asks for, if postponed
	err        error         // why anything failed or was postponed; nil otherwise
}

// sender sends records to one target, one at a time.
type sender struct {
	url      string
	header   http.Header // header of the target, without the headers of the protocol
	host     string      // value of the Host header; usually empty
	client   *http.Client
	own      bool // whether the client is the package's own
	timeout  time.Duration
	versions negotiation
	v1       *downgraded // nil unless the target speaks version 1.0.
}

// downgraded has the buffers for requests of version 1.0.
type downgraded struct {
	downgrader    writebody.Downgrader
	v2, v1, block []byte
}

// newSender returns a sender to a valid target. Its requests take at most timeout.
func newSender(t Target, timeout time.Duration) (s *sender, err error) {
	s = &sender{url: t.URL, client: t.Client, timeout: timeout, versions: negotiation{wanted: t.Protocol, retry: versionRetry}}
	if s.header, s.host, err = requestHeader(t.Header); err != nil {
		return nil, err
	}
	if s.client == nil {
		s.client, s.own = newClient(), true
	}
	s.client = s.postOnly(s.client)
	return s, nil
}

// version returns the version that the next request has.
func (s *sender) version() Protocol { return s.versions.version() }

// close closes idle connections, unless the client is the caller's.
func (s *sender) close() {
	if s.own {
		s.client.CloseIdleConnections()
	}
}

// send sends a record. With the protocol Auto, it sends the record again at once in the other version if
// the target does not accept the first. It does not retain the record's body.
func (s *sender) send(ctx context.Context, rec *writereq.Record) outcome {
	version := s.version()
	o := s.try(ctx, rec, version)
	var refused *versionError
	if s.versions.wanted != Auto || !errors.As(o.err, &refused) {
		return o
	}
	version = version.other()
	again := s.try(ctx, rec, version)
	again.bytes += o.bytes
	if errors.As(again.err, &refused) {
		s.versions.speaks(V2)
		again.err = errors.Join(o.err, again.err)
		return again
	}
	s.versions.speaks(version)
	return again
}

// versionError reports that a target does not accept the version of a request.
type versionError struct{ error }

func (e *versionError) Unwrap() error { return e.error }

// try sends a record in one version.
func (s *sender) try(ctx context.Context, rec *writereq.Record, version Protocol) outcome {
	if version == V2 {
		s.v1 = nil
		return s.post(ctx, rec.Body, rec.Counts, V2)
	}
	body, left, err := s.downgrade(rec)
	if err != nil {
		return outcome{verdict: rejected, version: V1, failed: rec.Counts, err: fmt.Errorf("the request is damaged: %w", err)}
	}
	sent := rec.Counts
	sent.Sub(left)
	o := outcome{version: V1}
	if body != nil {
		o = s.post(ctx, body, sent, V1)
	}
	if left != (writereq.Counts{}) && o.verdict != postponed {
		o.failed.Add(left)
		o.err = errors.Join(o.err, fmt.Errorf("version 1.0 has no native histograms with custom buckets: %s had to be left out", describe(left)))
	}
	return o
}

// downgrade returns the body of a request of version 1.0, which is valid until the next call, and the
// counts of the record that it leaves out. The body is nil if it would be empty.
func (s *sender) downgrade(rec *writereq.Record) (body []byte, left writereq.Counts, err error) {
	if s.v1 == nil {
		s.v1 = &downgraded{}
	}
	m := s.v1
	if m.v2, err = writebody.Decompress(m.v2, rec.Body); err != nil {
		return nil, left, err
	}
	if m.v1, left, err = m.downgrader.Downgrade(m.v1[:0], m.v2); err != nil {
		return nil, left, err
	}
	// The record may come from a disk, and so may its counts. They must not become negative.
	left.Histograms, left.Exemplars = min(left.Histograms, rec.Histograms), min(left.Exemplars, rec.Exemplars)
	if len(m.v1) == 0 {
		return nil, left, nil
	}
	m.block = writebody.Compress(m.block, m.v1)
	return m.block, left, nil
}

// post makes one request and judges the answer.
func (s *sender) post(ctx context.Context, body []byte, sent writereq.Counts, version Protocol) outcome {
	if err := ctx.Err(); err != nil {
		return outcome{verdict: postponed, version: version, err: err}
	}
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	b := &requestBody{data: body}
	defer b.release()
	response, err := s.do(limited, b, version)
	if err != nil {
		err = withoutURL(err)
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %v: %w", s.timeout, context.DeadlineExceeded)
		}
		return outcome{verdict: postponed, version: version, bytes: len(body), err: err}
	}
	defer response.Body.Close() //nolint:errcheck // It was only read from.
	o := judge(readAnswer(response), sent, version)
	o.bytes = len(body)
	return o
}

// do makes a request. If it fails on a reused connection, which the receiver or something on the way may
// have closed by now, do tries again at once. That is safe, because receivers ignore samples that they
// already have.
func (s *sender) do(ctx context.Context, b *requestBody, version Protocol) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		var reused atomic.Bool
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(c httptrace.GotConnInfo) { reused.Store(c.Reused) },
		})
		r, err := s.request(traced, b, version)
		if err != nil {
			return nil, err
		}
		response, err := s.client.Do(r)
		if err == nil || !reused.Load() || attempt == maxIdle || os.IsTimeout(err) || ctx.Err() != nil {
			return response, err
		}
	}
}

// request returns a request with a body that can be sent again, for redirects.
func (s *sender) request(ctx context.Context, b *requestBody, version Protocol) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, nil)
	if err != nil {
		return nil, err
	}
	r.Body = b.reader()
	r.GetBody = b.getReader
	r.ContentLength = int64(len(b.data))
	r.Header = s.header.Clone()
	version.setHeader(r.Header)
	r.Host = s.host
	return r, nil
}

// withoutURL returns the error without the URL that net/http adds, because the error names the target
// anyway, and without credentials that it may quote from the URL of a proxy.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	text := err.Error()
	if shown := oneLine(text[:min(len(text), maxError)]); shown != text {
		return &shownError{error: err, text: shown}
	}
	return err
}

// maxError limits the bytes of an error that are shown, because it may quote the receiver's response.
const maxError = 2 << 10

// shownError is an error with a different text.
type shownError struct {
	error

	text string
}

func (e *shownError) Error() string { return e.text }
func (e *shownError) Unwrap() error { return e.error }
