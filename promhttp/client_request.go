package promhttp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/luxfi/metric/internal/middleware"
)

// clientTransport is the RoundTripper that [ClientMetrics.RoundTripper] returns.
type clientTransport struct {
	metrics *ClientMetrics
	next    http.RoundTripper
}

// CloseIdleConnections implements the optional interface that an [http.Client] looks for.
func (c *clientTransport) CloseIdleConnections() {
	if next, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (c *clientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t := c.metrics.traffic
	s := &sending{traffic: t, peer: t.peer(c.metrics.targetOf(r))}
	s.kind = kind{method: t.method(cmp.Or(r.Method, http.MethodGet)), https: r.URL != nil && r.URL.Scheme == "https"}
	s.active = s.kind
	t.gaugeOf(s.peer, s.active).Inc()

	start := time.Now()
	returned := false
	defer func() {
		if !returned { // next panicked.
			s.kind.failure = otherFailure
			s.begun(r, start, c.metrics)
			s.end(nil)
		}
	}()
	out := s.countBody(r)
	resp, err := c.next.RoundTrip(out)
	returned = true
	s.answered(r, resp, err)
	s.begun(r, start, c.metrics)
	if err != nil || resp == nil {
		s.end(nil)
		return resp, err
	}
	if resp.Request == out {
		resp.Request = r
	}
	if resp.Body == nil || resp.Body == http.NoBody {
		s.end(nil)
		return resp, nil
	}
	resp.Body = s.countResponse(resp.Body)
	return resp, nil
}

// targetOf returns the server and the route of a request.
func (m *ClientMetrics) targetOf(r *http.Request) (to target) {
	switch {
	case m.host != nil:
		to.host = m.host(r)
	case r.URL != nil:
		to.host = r.URL.Host
	}
	to.route, _ = r.Context().Value(routeKey{}).(string)
	return to
}

// sending is a request in flight.
type sending struct {
	traffic *traffic
	peer    *peer
	active  kind // labels of the gauge
	kind    kind
	body    *middleware.Body // body of the request; nil if it has none
	read    atomic.Int64     // bytes of the response body
	ended   atomic.Bool
}

// countBody returns a copy of r whose body counts the bytes read. A copy is needed because a RoundTripper
// must not change its request.
func (s *sending) countBody(r *http.Request) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	s.body = &middleware.Body{ReadCloser: r.Body}
	out := r.WithContext(r.Context())
	out.Body = s.body
	if r.GetBody != nil {
		out.GetBody = func() (io.ReadCloser, error) {
			again, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			return s.body.Again(again), nil
		}
	}
	return out
}

// answered records the result of RoundTrip.
func (s *sending) answered(r *http.Request, resp *http.Response, err error) {
	switch {
	case err != nil:
		s.kind.failure = failureOfRequest(r, err)
	case resp == nil:
		s.kind.failure = otherFailure
	default:
		s.kind.code = codeOf(resp.StatusCode)
		s.kind.version = versionOf(resp.ProtoMajor, resp.ProtoMinor)
		s.kind.failure = failureOf(s.kind.code, http.StatusBadRequest)
	}
}

// begun counts the request once its response has begun or failed.
func (s *sending) begun(r *http.Request, start time.Time, m *ClientMetrics) {
	s.traffic.seriesOf(s.peer, s.kind).observeDuration(r.Context(), time.Since(start), m.exemplar)
}

// end is called when the response has ended, with the error that ended it, if any. Only the first call
// counts.
func (s *sending) end(err error) {
	if !s.ended.CompareAndSwap(false, true) {
		return
	}
	k := s.kind
	if err != nil && k.failure == noFailure {
		k.failure = failureOfError(err)
	}
	series := s.traffic.seriesOf(s.peer, k)
	series.requestSizes.Observe(float64(s.body.Count()))
	series.responseSizes.Observe(float64(s.read.Load()))
	s.traffic.gaugeOf(s.peer, s.active).Dec()
}

// countResponse returns body with its bytes counted. After 101 Switching Protocols, a body can be written
// to, too.
func (s *sending) countResponse(body io.ReadCloser) io.ReadCloser {
	counted := responseBody{body, s}
	if w, ok := body.(io.Writer); ok {
		return &struct {
			responseBody
			io.Writer
		}{counted, w}
	}
	return &counted
}

// responseBody is the body of a response that is still being read.
type responseBody struct {
	body    io.ReadCloser
	sending *sending
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.sending.read.Add(int64(n))
	switch {
	case err == io.EOF:
		b.sending.end(nil)
	case err != nil:
		b.sending.end(err)
	}
	return n, err
}

func (b *responseBody) Close() error {
	err := b.body.Close()
	b.sending.end(nil)
	return err
}

// failureOfRequest returns the class of an error of a RoundTripper. An http.Client can end a request by
// closing r.Cancel. The error does not say why in that case, but the context does.
func failureOfRequest(r *http.Request, err error) failure {
	why := failureOfError(err)
	if why != otherFailure && why != connectionLost {
		return why
	}
	if ended := r.Context().Err(); ended != nil {
		return failureOfError(ended)
	}
	if deadline, ok := r.Context().Deadline(); ok && !time.Now().Before(deadline) {
		return timedOut
	}
	return why
}

// failureOfError returns the class of an error that a RoundTripper or a body returned.
func failureOfError(err error) failure {
	switch {
	case errors.Is(err, context.Canceled):
		return canceled
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return timedOut
	case isA[*net.DNSError](err):
		return dnsFailure
	case isTLS(err):
		return tlsFailure
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return connectFailure
	}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return connectionLost
		}
	}
	if isA[*net.OpError](err) || isA[streamError](err) {
		return connectionLost
	}
	return otherFailure
}

// streamError has the fields of the error that net/http returns for an HTTP/2 stream that was reset. That
// type is not exported, but its As method sets any struct with these fields.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string {
	return fmt.Sprintf("stream %d was reset with code %d", e.StreamID, e.Code)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func isTLS(err error) bool {
	return isA[tls.RecordHeaderError](err) || isA[tls.AlertError](err) || isA[*tls.CertificateVerificationError](err) ||
		isA[x509.UnknownAuthorityError](err) || isA[x509.HostnameError](err) || isA[x509.CertificateInvalidError](err)
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
