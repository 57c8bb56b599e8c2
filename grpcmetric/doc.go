// Package grpcmetric measures gRPC servers and clients:
//
//	server := grpc.NewServer(grpcmetric.ServerOption(registry))
//	conn, err := grpc.NewClient(target, append(options, grpcmetric.DialOptions(registry)...)...)
//
// It counts calls by method, type and status code, measures their durations, counts the messages sent and
// received and their bytes, and shows the calls in flight. Several servers or clients with the same
// registry share their metrics.
//
// # Names
//
// By default, metrics have the names of gRPC's own OpenTelemetry plugin
// (https://github.com/grpc/proposal/blob/master/A66-otel-stats.md), as OpenTelemetry translates them for
// Prometheus, and a few additional names of the same form. Opts.Names selects the names of
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
// Metrics with OpenTelemetry names have the labels grpc_method, such as "grpc.health.v1.Health/Check", and
// grpc_type. Client metrics also have grpc_target, and histograms have grpc_status, such as
// "DEADLINE_EXCEEDED". Metrics with classic names have grpc_type, grpc_service and grpc_method;
// grpc_server_handled_total also has grpc_code, such as "DeadlineExceeded".
//
// The names of client metrics begin with grpc_client. The OpenTelemetry names distinguish calls from
// attempts: a call that gRPC retries has several attempts. The metrics grpc_client_call_started_total,
// grpc_client_call_in_flight and grpc_client_call_duration_seconds count calls as the program sees them.
// The metrics grpc_client_attempt_started_total, grpc_client_attempt_duration_seconds and all metrics about
// messages count attempts. The classic names count only calls; their messages include those that are sent
// again.
//
// # Bounds
//
// The number of label values is bounded, whatever a peer sends. A server uses the names of methods that are
// registered with it. Calls of all other methods share the value "other", including those that a
// grpc.UnknownServiceHandler answers. gRPC does not distinguish these from registered bidirectional
// streams, so a server with such a handler should call [ServerMetrics.InitializeMetrics]. Otherwise, up to
// Opts.MaxMethods unknown names become values. A client uses the first Opts.MaxMethods pairs of target and
// method, and "other" for the rest. Names of more than 256 bytes never become values. Status codes that
// gRPC does not define count as unknown, as gRPC specifies.
//
// # Status codes
//
// A call has the status that its client receives, as far as the server knows it. A handler that returns
// without an error after its client has disconnected or the deadline has passed counts as canceled or
// deadline exceeded. A handler that returns an error counts with the code of the error. A handler that
// panics counts with the code that a recovering interceptor returns, or as unknown. A call that fails
// before its first attempt, for example because its context has ended, is a call without an attempt.
//
// A call of a method that the server does not have counts when the server has answered it. Calls that gRPC
// rejects before it looks up the method do not count: those with malformed headers, those beyond
// grpc.MaxConcurrentStreams, and those rejected by a tap handle.
//
// A client's interceptors are outermost if DialOptions comes before other options with interceptors. A
// server needs no interceptors.
//
// # Cost
//
// The package allocates one value for each call of a server and each unary call of a client, and none for
// messages. It looks up the series of a method once. With any stats.Handler, gRPC itself allocates an event
// of about one hundred bytes for each message, and a few more for each call.
//
// The package is a separate module, so that programs without gRPC do not depend on gRPC.
package grpcmetric
