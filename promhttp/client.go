package promhttp

import (
	"context"
	"net/http"

	"github.com/luxfi/metric"
)

// ClientOpts are the options of [NewClientMetrics]. The zero value is a good choice.
type ClientOpts struct {
	// Names selects the names of metrics and labels.
	Names Names

	// Host returns the server of a request, with or without a port, or "" to leave it out. If Host is nil,
	// the server is r.URL.Host. It must be safe for concurrent use.
	Host func(r *http.Request) string
	// MaxTargets limits the pairs of a server and a route that have their own series. The default, used if
	// it is not positive, is 500. Further pairs, and those with a name of more than 512 bytes, share the
	// value _OTHER, or "other" with ClassicNames.
	MaxTargets int

	// Methods, DurationBuckets, SizeBuckets, NativeBucketFactor and Exemplar have the same meaning as the
	// fields of ServerOpts.
	Methods            []string
	DurationBuckets    []float64
	SizeBuckets        []float64
	NativeBucketFactor float64
	Exemplar           func(context.Context) metric.Labels
}

// ClientMetrics measures the requests that RoundTrippers send. It is safe for concurrent use.
//
// With [OpenTelemetryNames], it has the following metrics. The count of the duration histogram is the
// number of requests.
//
//	http_client_request_duration_seconds
//	http_client_request_body_size_bytes
//	http_client_response_body_size_bytes
//	http_client_active_requests
//
// http_client_active_requests has the labels http_request_method, server_address and server_port. The other
// metrics also have http_response_status_code, url_template, network_protocol_version and error_type.
//
// With [ClassicNames], it has these metrics:
//
//	http_client_requests_total
//	http_client_request_duration_seconds
//	http_client_request_size_bytes
//	http_client_response_size_bytes
//	http_client_requests_in_flight
//
// http_client_requests_in_flight has the labels method and host. The other metrics also have code, route
// and error. The labels route and url_template have the value that [WithRoute] sets.
//
// The duration of a request ends when the header of the response arrives, or with an error. A request is in
// flight until the body of its response has been read to the end or closed. Its sizes are observed at that
// time: the number of body bytes sent and read. The transport may have decompressed the body before. If a
// program does not close bodies, its requests stay in flight forever.
//
// The label error_type or error of a request without a response has one of these values. Such a request has
// no status.
//
//   - canceled: the context of the request was canceled
//   - timeout: a deadline has passed
//   - dns: the name of the server could not be resolved
//   - connect: no connection could be made
//   - tls: the handshake or the verification of a certificate failed
//   - connection: the connection ended
//   - _OTHER, or other with ClassicNames: any other error
//
// The sizes have the same values if the body of a response ends with such an error. The error_type of a
// response with a status of 400 or above is that status.
type ClientMetrics struct {
	traffic  *traffic
	host     func(*http.Request) string
	exemplar func(context.Context) metric.Labels
}

// NewClientMetrics registers the metrics with reg. If they are already registered there, the result shares
// them, and only the options Host and Exemplar apply. NewClientMetrics returns an error if another
// collector is registered under these names, if reg is nil, or if an option is not valid.
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

// InstrumentClient returns a RoundTripper that measures the requests that next sends; see [ClientMetrics].
// If next is nil, http.DefaultTransport is used. InstrumentClient panics if [NewClientMetrics] returns an
// error.
//
//	client.Transport = promhttp.InstrumentClient(reg, nil)
func InstrumentClient(reg metric.Registerer, next http.RoundTripper) http.RoundTripper {
	m, err := NewClientMetrics(reg, ClientOpts{})
	if err != nil {
		panic(err)
	}
	return m.RoundTripper(next)
}

// RoundTripper returns a RoundTripper that measures the requests that next sends. If next is nil,
// http.DefaultTransport is used. The CloseIdleConnections method of an http.Client reaches next.
func (m *ClientMetrics) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &clientTransport{m, next}
}

// routeKey is the context key of the route of a request.
type routeKey struct{}

// WithRoute returns a context for requests whose URLs are made from the same template, such as /items/{id}.
// [ClientMetrics] uses the route as the value of a label.
func WithRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}
