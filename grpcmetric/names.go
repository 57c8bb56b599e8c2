package grpcmetric

import (
	"strings"

	"google.golang.org/grpc/codes"
)

// name is the name and the help of a metric.
type name struct{ name, help string }

// layout has the names of the metrics and labels for calls or attempts on one side, and the label values.
// Metrics without a name do not exist.
type layout struct {
	started, handled, inFlight name
	sent, received             name // counters of messages
	duration                   name
	sentSize, receivedSize     name // histograms of bytes

	labels []string                  // labels of all metrics
	values func(i identity) []string // values of labels

	code            string // label of handled for the status code
	splitHistograms bool   // whether histograms have the label code, too
	codes           *[numCodes]string
}

// numCodes is the number of status codes that gRPC defines.
const numCodes = int(codes.Unauthenticated) + 1

// kind is the type of a method.
type kind string

const (
	unary        kind = "unary"
	clientStream kind = "client_stream"
	serverStream kind = "server_stream"
	bidiStream   kind = "bidi_stream"
	unknownKind  kind = "unknown"
)

func kindOf(client, server bool) kind {
	switch {
	case client && server:
		return bidiStream
	case client:
		return clientStream
	case server:
		return serverStream
	default:
		return unary
	}
}

// identity has the sources of the label values of a series.
type identity struct {
	target string // empty on servers
	method string // full name, including slashes
	kind   kind
	other  bool // whether it stands for all unknown methods
}

// otherValue is the label value for calls of unknown methods.
const otherValue = "other"

func (i identity) openTelemetryMethod() string {
	if i.other {
		return otherValue
	}
	return strings.ToValidUTF8(strings.TrimPrefix(i.method, "/"), "\uFFFD")
}

func (i identity) openTelemetryServer() []string {
	return []string{i.openTelemetryMethod(), string(i.kind)}
}

func (i identity) openTelemetryClient() []string {
	target := strings.ToValidUTF8(i.target, "\uFFFD")
	if i.other {
		target = otherValue
	}
	return []string{i.openTelemetryMethod(), string(i.kind), target}
}

func (i identity) classic() []string {
	service, method := otherValue, otherValue
	if !i.other {
		full := i.openTelemetryMethod()
		slash := strings.LastIndexByte(full, '/')
		service, method = full[:max(slash, 0)], full[slash+1:]
	}
	return []string{string(i.kind), service, method}
}

// openTelemetryCodes are the names of status codes in the gRPC specification.
var openTelemetryCodes = [numCodes]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
	"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
}

// classicCodes are the names of status codes in Go.
var classicCodes = func() (names [numCodes]string) {
	for i := range names {
		names[i] = codes.Code(i).String()
	}
	return names
}()

var serverLayouts = map[Names]layout{
	OpenTelemetryNames: {
		started:         name{"grpc_server_call_started_total", "Calls started on the server."},
		inFlight:        name{"grpc_server_call_in_flight", "Calls that the server is working on."},
		sent:            name{"grpc_server_call_sent_messages_total", "Messages sent by the server."},
		received:        name{"grpc_server_call_rcvd_messages_total", "Messages received by the server."},
		duration:        name{"grpc_server_call_duration_seconds", "Duration of calls on the server."},
		sentSize:        name{"grpc_server_call_sent_total_compressed_message_size_bytes", "Compressed message bytes sent per call on the server."},
		receivedSize:    name{"grpc_server_call_rcvd_total_compressed_message_size_bytes", "Compressed message bytes received per call on the server."},
		labels:          []string{"grpc_method", "grpc_type"},
		values:          identity.openTelemetryServer,
		code:            "grpc_status",
		codes:           &openTelemetryCodes,
		splitHistograms: true,
	},
	ClassicNames: {
		started:      name{"grpc_server_started_total", "Total number of RPCs started on the server."},
		handled:      name{"grpc_server_handled_total", "Total number of RPCs completed on the server, regardless of success or failure."},
		inFlight:     name{"grpc_server_in_flight", "Number of RPCs that the server is working on."},
		sent:         name{"grpc_server_msg_sent_total", "Total number of messages sent by the server."},
		received:     name{"grpc_server_msg_received_total", "Total number of messages received by the server."},
		duration:     name{"grpc_server_handling_seconds", "Duration of RPCs on the server."},
		sentSize:     name{"grpc_server_sent_bytes", "Compressed message bytes sent per RPC by the server."},
		receivedSize: name{"grpc_server_received_bytes", "Compressed message bytes received per RPC by the server."},
		labels:       classicLabels,
		values:       identity.classic,
		code:         classicCode,
		codes:        &classicCodes,
	},
}

// callLayouts are the layouts for calls of clients.
var callLayouts = map[Names]layout{
	OpenTelemetryNames: {
		started:         name{"grpc_client_call_started_total", "Calls started by the client."},
		inFlight:        name{"grpc_client_call_in_flight", "Calls of the client that have not ended."},
		duration:        name{"grpc_client_call_duration_seconds", "Duration of calls as the client sees them, with all attempts."},
		labels:          []string{"grpc_method", "grpc_type", "grpc_target"},
		values:          identity.openTelemetryClient,
		code:            "grpc_status",
		codes:           &openTelemetryCodes,
		splitHistograms: true,
	},
	ClassicNames: {
		started:      name{"grpc_client_started_total", "Total number of RPCs started on the client."},
		handled:      name{"grpc_client_handled_total", "Total number of RPCs completed by the client, regardless of success or failure."},
		inFlight:     name{"grpc_client_in_flight", "Number of RPCs of the client that have not completed."},
		sent:         name{"grpc_client_msg_sent_total", "Total number of messages sent by the client."},
		received:     name{"grpc_client_msg_received_total", "Total number of messages received by the client."},
		duration:     name{"grpc_client_handling_seconds", "Duration of RPCs on the client."},
		sentSize:     name{"grpc_client_sent_bytes", "Compressed message bytes sent per RPC by the client."},
		receivedSize: name{"grpc_client_received_bytes", "Compressed message bytes received per RPC by the client."},
		labels:       classicLabels,
		values:       identity.classic,
		code:         classicCode,
		codes:        &classicCodes,
	},
}

// attemptLayouts are the layouts for attempts of clients. The classic names have none.
var attemptLayouts = map[Names]layout{
	OpenTelemetryNames: {
		started:         name{"grpc_client_attempt_started_total", "Call attempts started by the client."},
		sent:            name{"grpc_client_attempt_sent_messages_total", "Messages sent by the client."},
		received:        name{"grpc_client_attempt_rcvd_messages_total", "Messages received by the client."},
		duration:        name{"grpc_client_attempt_duration_seconds", "Duration of call attempts of the client."},
		sentSize:        name{"grpc_client_attempt_sent_total_compressed_message_size_bytes", "Compressed message bytes sent per call attempt of the client."},
		receivedSize:    name{"grpc_client_attempt_rcvd_total_compressed_message_size_bytes", "Compressed message bytes received per call attempt of the client."},
		labels:          []string{"grpc_method", "grpc_type", "grpc_target"},
		values:          identity.openTelemetryClient,
		code:            "grpc_status",
		codes:           &openTelemetryCodes,
		splitHistograms: true,
	},
}

const classicCode = "grpc_code"

var classicLabels = []string{"grpc_type", "grpc_service", "grpc_method"}
