// Package grpcmetric measures gRPC servers and clients:
//
//	server := grpc.NewServer(grpcmetric.ServerOption(registry))
//	conn, err := grpc.NewClient(target, append(options, grpcmetric.DialOptions(registry)...)...)
//
// It counts calls by method, type and status code, measures how long they take, counts and
// sums up the messages that they send and receive, and shows how many are in flight. Several
// servers or clients of one registry share their metrics.
//
// # Names
//
// By default, metrics have the names of gRPC's own OpenTelemetry plugin
// (https://github.com/grpc/proposal/blob/master/A66-otel-stats.md), as OpenTelemetry
// translates them for Prometheus, and a few more of the same form. Opts.Names selects those of
// go-grpc-prometheus and go-grpc-middleware instead, so that their dashboards and alerts work:
//
//	                    OpenTelemetryNames                                           ClassicNames
//	started             grpc_server_call_started_total                               grpc_server_started_total
//	ended               grpc_server_call_duration_seconds_count                      grpc_server_handled_total
//	in flight           grpc_server_call_in_flight                                   grpc_server_in_flight
//	duration            grpc_server_call_duration_seconds                            grpc_server_handling_seconds
//	messages sent       grpc_server_call_sent_messages_total                         grpc_server_msg_sent_total
//	messages received   grpc_server_call_rcvd_messages_total                         grpc_server_msg_received_total
//	bytes sent          grpc_server_call_sent_total_compressed_message_size_bytes    grpc_server_sent_bytes
//	bytes received      grpc_server_call_rcvd_total_compressed_message_size_bytes    grpc_server_received_bytes
//
// OpenTelemetry's have the labels grpc_method, such as "grpc.health.v1.Health/Check", and
// grpc_type, those of clients also grpc_target; the histograms have grpc_status, such as
// "DEADLINE_EXCEEDED". The classic ones have grpc_type, grpc_service and grpc_method;
// grpc_server_handled_total has grpc_code, such as "DeadlineExceeded".
//
// The metrics of clients begin with grpc_client. OpenTelemetry's tell calls from attempts: a
// call that gRPC retries has several attempts. grpc_client_call_started_total,
// grpc_client_call_in_flight and grpc_client_call_duration_seconds are about calls as the
// program sees them. grpc_client_attempt_started_total, grpc_client_attempt_duration_seconds
// and all that is about messages are about attempts. The classic names know calls alone; their
// messages include those that are sent again.
//
// # Bounds
//
// The values of all labels are bounded, whatever a peer sends. A server uses the names of
// methods that are registered with it. Calls of all other methods share the value "other", also
// those that a grpc.UnknownServiceHandler answers. gRPC does not show the difference between
// these and registered bidirectional streams, so a server with such a handler should call
// ServerMetrics.InitializeMetrics; without, up to Opts.MaxMethods unknown names become values.
// A client uses the first Opts.MaxMethods pairs of target and method, and "other" for the rest.
// In neither case do names of more than 256 bytes become values.
// Status codes that gRPC does not define count as unknown, which is what they mean.
//
// # What counts as what
//
// A call has the status that its client gets, as far as that is known. A handler that returns
// without an error after its client has gone or the deadline has passed counts as canceled or
// deadline exceeded, and one that returns an error counts with that. A handler that panics
// counts with the code of the interceptor that recovers, or as unknown. A call that fails
// before its first attempt, such as one whose context has ended, is a call without an attempt.
//
// A call of a method that the server does not have counts when the server has answered it. Calls
// that gRPC refuses before it looks for the method do not count: those with malformed
// headers, beyond grpc.MaxConcurrentStreams, or refused by a tap handle.
//
// The interceptors of a client are on the outside if DialOptions comes before other options
// with interceptors. Those of a server are not needed.
//
// # Cost
//
// The package allocates one value for each call of a server and each unary call of a client, and
// nothing for messages. It looks up the series of a method once. gRPC, for its part, makes
// an event of about a hundred bytes for each message, and some more for each call, as soon as
// there is a stats.Handler.
//
// The package is a module of its own, so that programs without gRPC do not get gRPC.
package grpcmetric
