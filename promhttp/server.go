package promhttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/luxfi/metric"
)

// ServerOpts are the options of [NewServerMetrics]. The zero value is a good choice.
type ServerOpts struct {
	// Names selects the names of metrics and labels.
	Names Names

	// Route returns the route of a request, or "" if it has none. If Route is nil, the route is the path of
	// the pattern with which an http.ServeMux found the handler: r.Pattern without method and host. A route
	// that [SetRoute] sets takes precedence over both.
	//
	// Route is called after the handler has returned, with the request that the handler received. It must be
	// safe for concurrent use. It must not return request paths, because each path would become a route; see
	// MaxRoutes.
	Route func(r *http.Request) string
	// MaxRoutes limits the routes that have their own series. The default, used if it is not positive, is
	// 500. Further routes, and routes of more than 512 bytes, share the value _OTHER, or "other" with
	// ClassicNames.
	MaxRoutes int

	// Methods are the known methods, spelled as clients send them. If Methods is nil, they are GET, POST,
	// HEAD, PUT, DELETE, PATCH, OPTIONS, CONNECT and TRACE. All other methods share the value _OTHER, or
	// "unknown" with ClassicNames.
	Methods []string

	// DurationBuckets are the upper bounds of the classic buckets for durations, in seconds. If
	// DurationBuckets is nil, they are those that the semantic conventions recommend, or metric.DefBuckets
	// with ClassicNames.
	DurationBuckets []float64
	// SizeBuckets are the upper bounds of the classic buckets for sizes, in bytes. If SizeBuckets is nil,
	// they are 256 bytes to 64 MiB, each four times the one before.
	SizeBuckets []float64
	// NativeBucketFactor adds native buckets to the histograms if it is greater than 1. The usual value is
	// 1.1. Bucket slices that are empty but not nil leave out the classic buckets.
	NativeBucketFactor float64

	// Exemplar returns the labels of the exemplar of a request from its context, or nil for none. If
	// Exemplar is nil, the function set with metric.SetExemplarFromContext applies. Durations and
	// http_requests_total have exemplars. Exemplar must be safe for concurrent use.
	Exemplar func(context.Context) metric.Labels
}

// ServerMetrics measures the requests that handlers serve. It is safe for concurrent use.
//
// With [OpenTelemetryNames], it has the following metrics. The count of the duration histogram is the
// number of requests.
//
//	http_server_request_duration_seconds
//	http_server_request_body_size_bytes
//	http_server_response_body_size_bytes
//	http_server_active_requests
//
// http_server_active_requests has the labels http_request_method and url_scheme. The other metrics also
// have http_response_status_code, http_route, network_protocol_version and error_type.
//
// With [ClassicNames], it has these metrics:
//
//	http_requests_total
//	http_request_duration_seconds
//	http_request_size_bytes
//	http_response_size_bytes
//	http_requests_in_flight
//
// http_requests_in_flight has the label method. The other metrics also have code and route.
//
// A request lasts until its handler returns. The size of the request is the number of body bytes that the
// handler reads. The size of the response is the number of bytes that it writes; for HEAD, it is 0. The
// status is the final one, or 200 if the handler writes none.
//
// A response with a status of 5xx counts as failed and has that status as its error_type. The following
// requests also count as failed:
//
//   - The handler panics: error_type is panic, and code is 500. The panic continues.
//   - The handler panics with [http.ErrAbortHandler]: error_type and code are aborted.
//   - The client disconnects before it has the response, so that the request's context ends: error_type is
//     client_gone. If the handler has not written a status by then, there is no http_response_status_code,
//     and code is 499.
//   - The deadline of the context passes before the handler has written anything, or the handler
//     writes after an [http.TimeoutHandler] has responded: error_type is timeout and the status
//     is 503.
//
// If a handler hijacks the connection, the request is in flight until the handler returns, even if another
// goroutine continues to use the connection. The status is the one that the handler has written; if it has
// written none, it is 101 if the client has asked for an upgrade. The sizes do not include data sent over a
// hijacked connection.
//
// The numbers of routes, known methods, HTTP versions and statuses limit the number of series. Clients
// cannot create more.
type ServerMetrics struct {
	traffic  *traffic
	route    func(*http.Request) string
	exemplar func(context.Context) metric.Labels
}

// NewServerMetrics registers the metrics with reg. If they are already registered there, the result shares
// them, and only the options Route and Exemplar apply. NewServerMetrics returns an error if another
// collector is registered under these names, if reg is nil, or if an option is not valid.
func NewServerMetrics(reg metric.Registerer, opts ServerOpts) (*ServerMetrics, error) {
	t, err := newTraffic(reg, serverVocabulary(opts.Names), trafficOpts{
		vocabulary: opts.Names, methods: opts.Methods, maxTargets: opts.MaxRoutes,
		durationBuckets: opts.DurationBuckets, sizeBuckets: opts.SizeBuckets, nativeFactor: opts.NativeBucketFactor,
	})
	if err != nil {
		return nil, err
	}
	return &ServerMetrics{t, opts.Route, opts.Exemplar}, nil
}

// InstrumentServer returns a handler that measures the requests that next serves; see [ServerMetrics]. It
// panics if [NewServerMetrics] returns an error.
//
//	http.ListenAndServe(addr, promhttp.InstrumentServer(reg, mux))
func InstrumentServer(reg metric.Registerer, next http.Handler) http.Handler {
	m, err := NewServerMetrics(reg, ServerOpts{})
	if err != nil {
		panic(err)
	}
	return m.Handler(next)
}

// Handler returns a handler that measures the requests that next serves. If next is nil,
// http.DefaultServeMux is used.
//
// The writer passed to next is an http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher or
// http.CloseNotifier if the server's writer is one, and works with an [http.ResponseController]. It is also
// an http.Hijacker if only such a controller can hijack the connection of the server's writer.
//
// If next passes on a copy of the request, as http.TimeoutHandler and middleware that adds values to the
// context do, an http.ServeMux sets the pattern in the copy, and ServerMetrics does not see the route.
// Instrument the mux itself, or use [MuxRoute] or [SetRoute].
func (m *ServerMetrics) Handler(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return &serverHandler{m, next}
}

// MuxRoute returns a function for [ServerOpts] that asks mux for the route of a request. If mux is nil,
// http.DefaultServeMux is used. Handlers between the instrumentation and the mux do not matter, unless they
// change the method, the host or the path of the request. The function costs a second look-up.
func MuxRoute(mux *http.ServeMux) func(*http.Request) string {
	if mux == nil {
		mux = http.DefaultServeMux
	}
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return routeOf(pattern)
	}
}

// SetRoute sets the route of the request that w answers. It reports whether w is or wraps a writer of
// [ServerMetrics]. Like an [http.ResponseController], it finds wrapped writers with an Unwrap method; the
// writer of http.TimeoutHandler has none. SetRoute must be called by the goroutine that serves the request,
// before the handler returns.
func SetRoute(w http.ResponseWriter, route string) (found bool) {
	for w != nil {
		if s, ok := w.(interface{ SetRoute(route string) bool }); ok && s.SetRoute(route) {
			found = true
		}
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return found
		}
		w = outer.Unwrap()
	}
	return found
}

// routeOf returns a pattern of [http.ServeMux] without method and host. OpenTelemetry's instrumentation of
// net/http uses the same route.
func routeOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}
