package promhttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/luxfi/metric"
)

// ServerOpts are the options of [NewServerMetrics]. The zero value is a good choice.
type ServerOpts struct {
	// Names says how metrics and labels are named.
	Names Names

	// Route returns the route of a request, or "" if it has none. If it is nil, the route
	// is the path of the pattern by which an http.ServeMux has found the handler: that is
	// r.Pattern without method and host. A route of [SetRoute] goes before both.
	//
	// Route is called when the handler has returned, with the request that the handler got.
	// It must be safe for concurrent use. It must not return paths of requests, each of which
	// would become a route; see MaxRoutes.
	Route func(r *http.Request) string
	// MaxRoutes is the number of routes that have series of their own; 500 if it is not
	// positive. Further routes, and those of more than 512 bytes, share one value: _OTHER, or
	// "other" with ClassicNames.
	MaxRoutes int

	// Methods are the known methods, as clients write them. If it is nil, they are GET, POST,
	// HEAD, PUT, DELETE, PATCH, OPTIONS, CONNECT and TRACE. All others share one value:
	// _OTHER, or "unknown" with ClassicNames.
	Methods []string

	// DurationBuckets are the upper bounds of the classic buckets for durations, in seconds.
	// If it is nil, they are those that the semantic conventions advise, or
	// metric.DefBuckets with ClassicNames.
	DurationBuckets []float64
	// SizeBuckets are the upper bounds of the classic buckets for sizes, in bytes. If it is
	// nil, they are 256 bytes to 64 MiB, in steps of a factor of 4.
	SizeBuckets []float64
	// NativeBucketFactor gives the histograms native buckets, too, if it is greater than 1:
	// 1.1 is usual. Buckets that are empty but not nil leave out the classic ones.
	NativeBucketFactor float64

	// Exemplar returns the exemplar of a request from its context, or nil for none. If the
	// function is nil, the one of metric.SetExemplarFromContext applies. Durations and
	// requests_total get exemplars. It must be safe for concurrent use.
	Exemplar func(context.Context) metric.Labels
}

// ServerMetrics measures the requests that handlers serve. It is safe for concurrent use.
//
// With OpenTelemetryNames, the metrics are these; the number of requests is the count of the
// durations:
//
//	http_server_request_duration_seconds
//	http_server_request_body_size_bytes
//	http_server_response_body_size_bytes
//	http_server_active_requests
//
// The last one has the labels http_request_method and url_scheme. The others have also
// http_response_status_code, http_route, network_protocol_version and error_type. With
// ClassicNames, the metrics are these:
//
//	http_requests_total
//	http_request_duration_seconds
//	http_request_size_bytes
//	http_response_size_bytes
//	http_requests_in_flight
//
// The last one has the label method, the others also code and route.
//
// A request lasts until its handler returns. The size of the request is what the handler reads
// of the body, the size of the response what it writes, and that of a response to HEAD is 0.
// The status is the final one: 200 if the handler writes none.
//
// Besides responses with a status of 5xx, whose error_type is that status, these requests have
// failed:
//
//   - The handler panics: error_type is panic, and code is 500. The panic goes on.
//   - The handler panics with [http.ErrAbortHandler]: error_type and code are aborted.
//   - The context of the request is canceled before the client has the response, since the
//     client has gone: error_type is client_gone. If that happens before the handler writes a
//     status, there is no http_response_status_code, and code is 499.
//   - The deadline of the context passes and the handler has not written anything, or it
//     writes after an [http.TimeoutHandler] has answered: error_type is timeout and the status
//     is 503.
//
// A handler that hijacks the connection is in flight until it returns, even if another
// goroutine goes on with the connection. The status is the one it has written; otherwise 101 if
// the client has asked for an upgrade. What goes over the connection then is not part of the
// sizes.
//
// Clients cannot make more series than there are routes, known methods, versions of HTTP and
// statuses.
type ServerMetrics struct {
	traffic  *traffic
	route    func(*http.Request) string
	exemplar func(context.Context) metric.Labels
}

// NewServerMetrics registers the metrics with reg. If they are registered there already, it
// shares them, and only the options Route and Exemplar apply. It is an error if
// something else is registered under these names, if reg is nil, or if the options are not
// valid.
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

// InstrumentServer returns a handler that measures the requests that next serves; see
// [ServerMetrics]. It panics where [NewServerMetrics] returns an error.
//
//	http.ListenAndServe(addr, promhttp.InstrumentServer(reg, mux))
func InstrumentServer(reg metric.Registerer, next http.Handler) http.Handler {
	m, err := NewServerMetrics(reg, ServerOpts{})
	if err != nil {
		panic(err)
	}
	return m.Handler(next)
}

// Handler returns a handler that measures the requests that next serves. If next is nil, it is
// http.DefaultServeMux.
//
// The writer that next gets is an http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher or
// http.CloseNotifier if the writer of the server is, and works with an
// http.ResponseController. It is an http.Hijacker, too, if only such a controller could hijack
// the connection of the server's writer.
//
// If next passes on a copy of the request, as http.TimeoutHandler and middleware that adds
// to the context do, then the pattern of an http.ServeMux is in the copy, and the route is not
// seen. Instrument the mux itself, or use [MuxRoute] or [SetRoute].
func (m *ServerMetrics) Handler(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return &serverHandler{m, next}
}

// MuxRoute returns a function for [ServerOpts] that asks mux for the route of a request. If
// mux is nil, it is http.DefaultServeMux. The function finds the route whatever is between
// the instrumentation and the mux, unless that changes the method, the host or the path of
// the request. It costs a second look-up.
func MuxRoute(mux *http.ServeMux) func(*http.Request) string {
	if mux == nil {
		mux = http.DefaultServeMux
	}
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return routeOf(pattern)
	}
}

// SetRoute sets the route of the request that w answers, and reports whether w leads to a
// writer of [ServerMetrics]. Like an http.ResponseController, it looks behind writers with a
// method Unwrap; that of http.TimeoutHandler has none. It must be called by the goroutine that
// serves the request, before the handler returns.
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

// routeOf returns a pattern of http.ServeMux without method and host, which is what
// OpenTelemetry's instrumentation of net/http calls the route.
func routeOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}
