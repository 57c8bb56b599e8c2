package promhttp

import (
	"net"
	"strings"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/middleware"
)

// Names selects the names of the metrics of [ServerMetrics] and [ClientMetrics] and of their labels.
type Names int

const (
	// OpenTelemetryNames are the names of OpenTelemetry's semantic conventions, in their Prometheus form:
	// https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
	OpenTelemetryNames Names = iota
	// ClassicNames are the names that programs with client_golang usually choose, such as
	// http_requests_total, with the labels code and method.
	ClassicNames
)

// failure is the reason why a request counts as failed.
type failure uint8

const (
	noFailure      failure = iota
	statusFailure          // The status is an error.
	panicked               // The handler panicked.
	aborted                // The handler panicked with http.ErrAbortHandler.
	clientGone             // The client disconnected before it had the response.
	timedOut               // A deadline passed.
	canceled               // The program canceled the request.
	dnsFailure             // The name of the server could not be resolved.
	connectFailure         // No connection could be made.
	tlsFailure             // The TLS handshake or the verification of a certificate failed.
	connectionLost         // The connection ended before the response.
	otherFailure
)

// failures are the names of failures. The vocabulary names statusFailure and other failures.
var failures = [...]string{
	panicked: "panic", aborted: "aborted", clientGone: "client_gone", timedOut: "timeout", canceled: "canceled",
	dnsFailure: "dns", connectFailure: "connect", tlsFailure: "tls", connectionLost: "connection", otherFailure: "_OTHER",
}

// vocabulary has the names of metrics and labels and the values of labels.
type vocabulary struct {
	requests, durations, requestSizes, responseSizes, active string

	durationBuckets []float64

	otherMethod string // value for an unknown method
	unmatched   string // value for requests without a route
	overflow    string // value for a route or host beyond the limit
	methodLabel func(string) string

	labels       []string // labels of all metrics except active
	values       func(*traffic, target, kind) []string
	activeLabels []string
	activeValues func(*traffic, target, kind) []string
}

// serverVocabulary returns the names of [ServerMetrics].
func serverVocabulary(names Names) *vocabulary {
	if names == ClassicNames {
		return classicServer()
	}
	return &vocabulary{
		durations: "http_server_request_duration_seconds", requestSizes: "http_server_request_body_size_bytes",
		responseSizes: "http_server_response_body_size_bytes", active: "http_server_active_requests",
		durationBuckets: advisedBuckets(), otherMethod: other, overflow: other, methodLabel: exactly,
		labels: []string{"http_request_method", "http_response_status_code", "http_route", "url_scheme", "network_protocol_version", "error_type"},
		values: func(t *traffic, to target, k kind) []string {
			return []string{t.methodLabel(k.method), otelCode(k), to.route, scheme(k), versions[k.version], errorType(k)}
		},
		activeLabels: []string{"http_request_method", "url_scheme"},
		activeValues: func(t *traffic, _ target, k kind) []string { return []string{t.methodLabel(k.method), scheme(k)} },
	}
}

func classicServer() *vocabulary {
	return &vocabulary{
		requests: "http_requests_total", durations: "http_request_duration_seconds", requestSizes: "http_request_size_bytes",
		responseSizes: "http_response_size_bytes", active: "http_requests_in_flight",
		durationBuckets: metric.DefBuckets, otherMethod: middleware.Unknown, unmatched: "unmatched", overflow: "other", methodLabel: strings.ToLower,
		labels: []string{methodLabel, codeLabel, "route"},
		values: func(t *traffic, to target, k kind) []string {
			return []string{t.methodLabel(k.method), classicServerCode(k), to.route}
		},
		activeLabels: []string{methodLabel},
		activeValues: func(t *traffic, _ target, k kind) []string { return []string{t.methodLabel(k.method)} },
	}
}

// clientVocabulary returns the names of [ClientMetrics].
func clientVocabulary(names Names) *vocabulary {
	if names == ClassicNames {
		return classicClient()
	}
	return &vocabulary{
		durations: "http_client_request_duration_seconds", requestSizes: "http_client_request_body_size_bytes",
		responseSizes: "http_client_response_body_size_bytes", active: "http_client_active_requests",
		durationBuckets: advisedBuckets(), otherMethod: other, overflow: other, methodLabel: exactly,
		labels: []string{"http_request_method", "http_response_status_code", "server_address", "server_port", "url_template", "network_protocol_version", "error_type"},
		values: func(t *traffic, to target, k kind) []string {
			address, port := addressAndPort(to.host, k.https)
			return []string{t.methodLabel(k.method), otelCode(k), address, port, to.route, versions[k.version], errorType(k)}
		},
		activeLabels: []string{"http_request_method", "server_address", "server_port"},
		activeValues: func(t *traffic, to target, k kind) []string {
			address, port := addressAndPort(to.host, k.https)
			return []string{t.methodLabel(k.method), address, port}
		},
	}
}

func classicClient() *vocabulary {
	return &vocabulary{
		requests: "http_client_requests_total", durations: "http_client_request_duration_seconds", requestSizes: "http_client_request_size_bytes",
		responseSizes: "http_client_response_size_bytes", active: "http_client_requests_in_flight",
		durationBuckets: metric.DefBuckets, otherMethod: middleware.Unknown, overflow: "other", methodLabel: strings.ToLower,
		labels: []string{methodLabel, codeLabel, "host", "route", "error"},
		values: func(t *traffic, to target, k kind) []string {
			code, failed := "", ""
			if k.code != 0 {
				code = middleware.Code(int(k.code))
			}
			switch k.failure {
			case noFailure, statusFailure:
			case otherFailure:
				failed = "other"
			default:
				failed = failures[k.failure]
			}
			return []string{t.methodLabel(k.method), code, to.host, to.route, failed}
		},
		activeLabels: []string{methodLabel, "host"},
		activeValues: func(t *traffic, to target, k kind) []string { return []string{t.methodLabel(k.method), to.host} },
	}
}

// other is OpenTelemetry's value for anything unknown.
const other = "_OTHER"

func exactly(method string) string { return method }

// advisedBuckets returns the bounds that the semantic conventions recommend.
func advisedBuckets() []float64 {
	return []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}
}

func scheme(k kind) string {
	if k.https {
		return "https"
	}
	return "http"
}

// otelCode returns the status that was sent, or "" if none was.
func otelCode(k kind) string {
	switch k.code {
	case 0:
		return ""
	case otherCode:
		return other
	}
	return middleware.Code(int(k.code))
}

// errorType returns the value of error.type: the status if the status is the error.
func errorType(k kind) string {
	if k.failure == statusFailure {
		return otelCode(k)
	}
	return failures[k.failure]
}

// classicServerCode returns the code of a request. It also says how the request failed, because no other
// label does.
func classicServerCode(k kind) string {
	switch {
	case k.failure == panicked:
		return "500"
	case k.failure == aborted:
		return failures[aborted]
	case k.failure == clientGone && k.code == 0:
		return "499" // as in nginx logs
	case k.code == 0:
		return middleware.Unknown
	}
	return middleware.Code(int(k.code))
}

// addressAndPort splits host into its two parts. If host has no port, the default port is used.
func addressAndPort(host string, https bool) (address, port string) {
	switch host {
	case "", other:
		return host, ""
	}
	address, port, err := net.SplitHostPort(host)
	if err != nil {
		address, port = strings.Trim(host, "[]"), ""
	}
	switch {
	case port != "":
	case https:
		port = "443"
	default:
		port = "80"
	}
	return address, port
}
