package promhttp

import (
	"context"
	"net/http"

	"github.com/luxfi/metric"
)

// ClientOpts are the options of [NewClientMetrics]. The zero value is a good choice.
type ClientOpts struct {
	// Names says how metrics and labels are named.
	Names Names

	// Host returns the server of a request, with or without a port, and "" to leave it out.
	// If it is nil, the server is r.URL.Host. It must be safe for concurrent use.
	Host func(r *http.Request) string
	// MaxTargets is the number of pairs of a server and a route that have series of their own;
	// 500 if it is not positive. Further ones, and those with a name of more than 512 bytes,
	// share one value: _OTHER, or "other" with ClassicNames.
	MaxTargets int

	// Methods, DurationBuckets, SizeBuckets, NativeBucketFactor and Exemplar are those of
	// ServerOpts.
	Methods            []string
	DurationBuckets    []float64
	SizeBuckets        []float64
	NativeBucketFactor float64
	Exemplar           func(context.Context) metric.Labels
}

// ClientMetrics measures the requests that RoundTrippers send. It is safe for concurrent use.
//
// With OpenTelemetryNames, the metrics are these; the number of requests is the count of the
// durations:
//
//	http_client_request_duration_seconds
//	http_client_request_body_size_bytes
//	http_client_response_body_size_bytes
//	http_client_active_requests
//
// The last one has the labels http_request_method, server_address and server_port. The others
// have also http_response_status_code, url_template, network_protocol_version and error_type.
// With ClassicNames, the metrics are these:
//
//	http_client_requests_total
//	http_client_request_duration_seconds
//	http_client_request_size_bytes
//	http_client_response_size_bytes
//	http_client_requests_in_flight
//
// The last one has the labels method and host, the others also code, route and error. The
// route and the url_template are those of [WithRoute].
//
// The duration is the time until the header of the response has arrived, or an error. A
// request is in flight until the body of its response has been read to the end or closed, and
// its sizes are observed then: the bytes of the bodies that were sent and read. The transport
// may decompress a body before. A program that does not close bodies finds its requests in
// flight forever.
//
// A request that gets no response has no status, and one of these values of error_type or
// error:
//
//   - canceled: the context of the request was canceled
//   - timeout: a deadline has passed
//   - dns: the name of the server was not resolved
//   - connect: no connection was made
//   - tls: the handshake or the check of a certificate has failed
//   - connection: the connection has ended
//   - _OTHER, or other with ClassicNames: everything else
//
// The sizes have the same values if the body of a response ends with such an error. The
// error_type of a response with a status from 400 on is that status.
type ClientMetrics struct {
	traffic  *traffic
	host     func(*http.Request) string
	exemplar func(context.Context) metric.Labels
}

// NewClientMetrics registers the metrics with reg. If they are registered there already, it
// shares them, and only the options Host and Exemplar apply. It is an error if
// something else is registered under these names, if reg is nil, or if the options are not
// valid.
func NewClientMetrics(reg metric.Registerer, opts ClientOpts) (*ClientMetrics, error) {
	t, err := newTraffic(reg, clientVocabulary(opts.Names), trafficOpts{
		vocabulary: opts.Names, methods: opts.Methods, maxTargets: opts.MaxTargets,
		durationBuckets: opts.DurationBuckets, sizeBuckets: opts.SizeBuckets, nativeFactor: opts.NativeBucketFactor,
	})
	if err != nil {
		return nil, err
	}
	return &ClientMetrics{t, opts.Host, opts.Exemplar}, nil
}

// InstrumentClient returns a RoundTripper that measures the requests that next sends; see
// [ClientMetrics]. If next is nil, it is http.DefaultTransport. InstrumentClient panics
// where [NewClientMetrics] returns an error.
//
//	client.Transport = promhttp.InstrumentClient(reg, nil)
func InstrumentClient(reg metric.Registerer, next http.RoundTripper) http.RoundTripper {
	m, err := NewClientMetrics(reg, ClientOpts{})
	if err != nil {
		panic(err)
	}
	return m.RoundTripper(next)
}

// RoundTripper returns a RoundTripper that measures the requests that next sends. If next is
// nil, it is http.DefaultTransport. The CloseIdleConnections of an http.Client reaches next.
func (m *ClientMetrics) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &clientTransport{m, next}
}

// routeKey is the key of the route in the context of a request.
type routeKey struct{}

// WithRoute returns a context for requests whose URLs are all made from one template, such as
// /items/{id}: [ClientMetrics] has it as a label.
func WithRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}
