package promhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/middleware"
)

// serverHandler is the handler that [ServerMetrics.Handler] returns.
type serverHandler struct {
	metrics *ServerMetrics
	next    http.Handler
}

// ServeHTTP implements http.Handler.
//
// The writer does not come from a pool, because a handler may have passed it to a goroutine that still uses
// it.
func (h *serverHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := h.metrics.traffic
	k := kind{method: t.method(r.Method), https: r.TLS != nil}
	active := t.gaugeOf(&t.any, k)
	k.version = versionOf(r.ProtoMajor, r.ProtoMinor)
	active.Inc()
	start := time.Now()
	sent, outer := middleware.WrapServer(w, r.Context())
	inner, body := countBody(r)
	returned := false
	defer func() {
		// Only recovering returns the value of a panic. Panicking again here keeps the stack of the handler,
		// because this function runs on top of it.
		var p any
		if !returned {
			p = recover()
		}
		took := time.Since(start)
		if inner != r {
			// Code outside this handler expects these fields in the server's request.
			r.Pattern, r.MultipartForm = inner.Pattern, inner.MultipartForm
		}
		k.code, k.failure = outcome(sent, r, returned, p)
		active.Dec()
		h.observe(inner, sent, body, k, took)
		if p != nil {
			panic(p)
		}
	}()
	h.next.ServeHTTP(outer, inner)
	returned = true
}

// countBody returns a copy of r whose body counts the bytes read. A copy is needed because a server checks
// the body of its own request to know whether the client waits for 100 Continue. countBody returns r and
// nil if there is no body. Servers set ContentLength to 0 in that case, and to -1 for an unknown length.
func countBody(r *http.Request) (*http.Request, *middleware.Body) {
	if r.Body == nil || r.ContentLength == 0 {
		return r, nil
	}
	body := &middleware.Body{ReadCloser: r.Body}
	r = r.WithContext(r.Context())
	r.Body = body
	return r, body
}

// outcome returns the code of a request and why it failed, if it did. If returned is false, the handler
// panicked with p, or called [runtime.Goexit] if p is nil.
func outcome(sent *middleware.Writer, r *http.Request, returned bool, p any) (code uint16, why failure) {
	code = codeOf(sent.Status())
	isAbort := p == http.ErrAbortHandler //nolint:errorlint // net/http compares it like this.
	ended := r.Context().Err()
	switch {
	case !returned && !isAbort:
		return code, panicked
	case sent.Hijacked():
		if code == 0 && r.Header.Get("Upgrade") != "" {
			code = http.StatusSwitchingProtocols
		}
		return code, failureOf(code, http.StatusInternalServerError)
	case errors.Is(ended, context.Canceled) && !sent.Complete(r.Method):
		if sent.Late() {
			code = 0
		}
		return code, clientGone
	case isAbort:
		return code, aborted
	case sent.TimedOut(), errors.Is(ended, context.DeadlineExceeded) && code == 0:
		return http.StatusServiceUnavailable, timedOut
	case code == 0:
		return http.StatusOK, noFailure
	}
	return code, failureOf(code, http.StatusInternalServerError)
}

// failureOf returns statusFailure for statuses from lowest on.
func failureOf(code, lowest uint16) failure {
	if code >= lowest {
		return statusFailure
	}
	return noFailure
}

// observe records a request that has ended.
func (h *serverHandler) observe(r *http.Request, sent *middleware.Writer, body *middleware.Body, k kind, took time.Duration) {
	m := h.metrics
	written := sent.Written()
	if r.Method == http.MethodHead {
		written = 0 // Servers do not send this body.
	}
	s := m.traffic.seriesOf(m.traffic.peer(target{route: m.routeOf(r, sent)}), k)
	s.observeDuration(r.Context(), took, m.exemplar)
	s.requestSizes.Observe(float64(body.Count()))
	s.responseSizes.Observe(float64(written))
}

// routeOf returns the route of a request.
func (m *ServerMetrics) routeOf(r *http.Request, sent *middleware.Writer) string {
	switch {
	case sent.Route() != "":
		return sent.Route()
	case m.route != nil:
		return m.route(r)
	}
	return routeOf(r.Pattern)
}
