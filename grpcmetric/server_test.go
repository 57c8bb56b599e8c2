package grpcmetric_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func payload(bytes int) *testpb.Payload { return &testpb.Payload{Body: make([]byte, bytes)} }

// echo returns a service whose handlers read all messages and send replies.
func echo() *service {
	return &service{
		unary: func(context.Context) error { return nil },
		input: func(s grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
			for {
				if _, err := s.Recv(); errors.Is(err, io.EOF) {
					return s.SendAndClose(&testpb.StreamingInputCallResponse{})
				} else if err != nil {
					return err
				}
			}
		},
		output: func(s grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
			for range 3 {
				if err := s.Send(&testpb.StreamingOutputCallResponse{Payload: payload(10)}); err != nil {
					return err
				}
			}
			return nil
		},
		duplex: func(s grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
			for { // A reply is also sent after the client has closed its half.
				_, err := s.Recv()
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				if err := s.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
					return err
				}
				if errors.Is(err, io.EOF) {
					return status.Error(codes.Aborted, "the end")
				}
			}
		},
	}
}

// callAll calls a method of each kind once.
func callAll(t *testing.T, client testpb.TestServiceClient) {
	t.Helper()
	_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{Payload: payload(100)})
	ok(t, err)
	input, err := client.StreamingInputCall(t.Context())
	ok(t, err)
	for range 4 {
		ok(t, input.Send(&testpb.StreamingInputCallRequest{Payload: payload(10)}))
	}
	_, err = input.CloseAndRecv()
	ok(t, err)
	output, err := client.StreamingOutputCall(t.Context(), &testpb.StreamingOutputCallRequest{})
	ok(t, err)
	for err == nil {
		_, err = output.Recv()
	}
	duplex, err := client.FullDuplexCall(t.Context())
	ok(t, err)
	for range 2 {
		ok(t, duplex.Send(&testpb.StreamingOutputCallRequest{}))
		_, err := duplex.Recv()
		ok(t, err)
	}
	ok(t, duplex.CloseSend())
	_, err = duplex.Recv() // the reply that was sent after the half was closed
	ok(t, err)
	if _, err := duplex.Recv(); status.Code(err) != codes.Aborted {
		t.Fatal(err)
	}
}

func TestKinds(t *testing.T) {
	reg := metric.NewContextRegistry()
	client := start(t, echo(), []grpc.ServerOption{grpcmetric.ServerOption(reg)}, grpcmetric.DialOptions(reg)...)
	callAll(t, client)
	values := make(map[string]float64)
	for _, method := range []struct {
		name, kind, status   string
		toServer, fromServer float64
	}{
		{"UnaryCall", "unary", "OK", 1, 1},
		{"StreamingInputCall", "client_stream", "OK", 4, 1},
		{"StreamingOutputCall", "server_stream", "OK", 1, 3},
		{"FullDuplexCall", "bidi_stream", "ABORTED", 2, 3},
	} {
		status := `grpc_status="` + method.status + `"`
		for name, value := range map[string]float64{
			"grpc_server_call_started_total":          1,
			"grpc_server_call_in_flight":              0,
			"grpc_server_call_rcvd_messages_total":    method.toServer,
			"grpc_server_call_sent_messages_total":    method.fromServer,
			"grpc_client_call_started_total":          1,
			"grpc_client_call_in_flight":              0,
			"grpc_client_attempt_started_total":       1,
			"grpc_client_attempt_sent_messages_total": method.toServer,
			"grpc_client_attempt_rcvd_messages_total": method.fromServer,
		} {
			values[otel(name, method.name, method.kind)] = value
		}
		for _, name := range []string{"grpc_server_call_duration_seconds", "grpc_client_call_duration_seconds", "grpc_client_attempt_duration_seconds",
			"grpc_server_call_sent_total_compressed_message_size_bytes", "grpc_client_attempt_rcvd_total_compressed_message_size_bytes"} {
			values[otel(name+"_count", method.name, method.kind, status)] = 1
		}
	}
	// 100 bytes, plus a tag and a length each for the body and for the payload.
	for _, name := range []string{"grpc_server_call_rcvd_total", "grpc_server_call_sent_total", "grpc_client_attempt_sent_total", "grpc_client_attempt_rcvd_total"} {
		values[otel(name+"_compressed_message_size_bytes_sum", "UnaryCall", "unary", `grpc_status="OK"`)] = 104
	}
	values[otel("grpc_server_call_rcvd_total_compressed_message_size_bytes_sum", "StreamingInputCall", "client_stream", `grpc_status="OK"`)] = 4 * 14
	want(t, reg, values)
}

func TestClassicKinds(t *testing.T) {
	reg := metric.NewContextRegistry()
	serverMetrics, err := grpcmetric.NewServerMetrics(reg, grpcmetric.Opts{Names: grpcmetric.ClassicNames})
	ok(t, err)
	clientMetrics, err := grpcmetric.NewClientMetrics(reg, grpcmetric.Opts{Names: grpcmetric.ClassicNames})
	ok(t, err)
	callAll(t, start(t, echo(), []grpc.ServerOption{serverMetrics.ServerOption()}, clientMetrics.DialOptions()...))
	values := make(map[string]float64)
	for _, method := range []struct {
		name, kind, code     string
		toServer, fromServer float64
	}{
		{"UnaryCall", "unary", "OK", 1, 1},
		{"StreamingInputCall", "client_stream", "OK", 4, 1},
		{"StreamingOutputCall", "server_stream", "OK", 1, 3},
		{"FullDuplexCall", "bidi_stream", "Aborted", 2, 3},
	} {
		for side, messages := range map[string][2]float64{"server": {method.fromServer, method.toServer}, "client": {method.toServer, method.fromServer}} {
			for name, value := range map[string]float64{
				"started_total":          1,
				"in_flight":              0,
				"msg_sent_total":         messages[0],
				"msg_received_total":     messages[1],
				"handling_seconds_count": 1,
				"sent_bytes_count":       1,
				"received_bytes_count":   1,
			} {
				values[classic("grpc_"+side+"_"+name, method.name, method.kind)] = value
			}
			values[classic("grpc_"+side+"_handled_total", method.name, method.kind, `grpc_code="`+method.code+`"`)] = 1
		}
	}
	values[classic("grpc_client_sent_bytes_sum", "UnaryCall", "unary")] = 104
	values[classic("grpc_client_received_bytes_sum", "UnaryCall", "unary")] = 104
	want(t, reg, values)
}

// ended names the series that counts calls of a method of the server that ended with a status.
func ended(method, kind, status string) string {
	return otel("grpc_server_call_duration_seconds_count", method, kind, `grpc_status="`+status+`"`)
}

func TestStatus(t *testing.T) {
	for name, test := range map[string]struct {
		unary func(context.Context) error
		want  string
	}{
		"fine":             {func(context.Context) error { return nil }, "OK"},
		"status":           {func(context.Context) error { return status.Error(codes.NotFound, "") }, "NOT_FOUND"},
		"wrapped status":   {func(context.Context) error { return fmt.Errorf("sorry: %w", status.Error(codes.DataLoss, "")) }, "DATA_LOSS"},
		"end of a file":    {func(context.Context) error { return io.EOF }, "UNKNOWN"},
		"any error":        {func(context.Context) error { return errors.New("oops") }, "UNKNOWN"},
		"error of context": {func(context.Context) error { return context.DeadlineExceeded }, "DEADLINE_EXCEEDED"},
		"undefined code":   {func(context.Context) error { return status.Error(12345, "") }, "UNKNOWN"},
		"panic":            {func(context.Context) error { panic("oops") }, "INTERNAL"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			recovering := func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
				defer func() {
					if recover() != nil {
						err = status.Error(codes.Internal, "panic")
					}
				}()
				return next(ctx, r)
			}
			client := start(t, &service{unary: test.unary},
				[]grpc.ServerOption{grpcmetric.ServerOption(reg), grpc.UnaryInterceptor(recovering)}, grpcmetric.DialOptions(reg)...)
			_, _ = client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
			status := `grpc_status="` + test.want + `"`
			want(t, reg, map[string]float64{
				ended("UnaryCall", "unary", test.want):                                           1,
				otel("grpc_client_call_duration_seconds_count", "UnaryCall", "unary", status):    1,
				otel("grpc_client_attempt_duration_seconds_count", "UnaryCall", "unary", status): 1,
			})
			noneInFlight(t, reg)
		})
	}
}

// TestHandlerThatExits ends a handler with runtime.Goexit. An unrecovered panic leaves the handler in the
// same way, but would end the process.
func TestHandlerThatExits(t *testing.T) {
	reg := metric.NewContextRegistry()
	client := start(t, &service{unary: func(context.Context) error { runtime.Goexit(); return nil }}, []grpc.ServerOption{grpcmetric.ServerOption(reg)})
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		_, _ = client.UnaryCall(ctx, &testpb.SimpleRequest{})
	}()
	want(t, reg, map[string]float64{ended("UnaryCall", "unary", "UNKNOWN"): 1})
	noneInFlight(t, reg)
	cancel()
	<-returned
}

// TestVanishedClients checks that a call does not count as OK if its client left before a successful handler
// returned.
func TestVanishedClients(t *testing.T) {
	for name, test := range map[string]struct {
		context func(context.Context) (context.Context, context.CancelFunc)
		want    string
	}{
		"canceled": {context.WithCancel, "CANCELLED"},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 300*time.Millisecond)
		}, "DEADLINE_EXCEEDED"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			begun, release := make(chan struct{}), make(chan struct{})
			client := start(t, &service{unary: func(ctx context.Context) error {
				close(begun)
				<-ctx.Done()
				<-release
				return nil
			}}, []grpc.ServerOption{grpcmetric.ServerOption(reg)}, grpcmetric.DialOptions(reg)...)
			ctx, cancel := test.context(t.Context())
			defer cancel()
			go func() {
				<-begun
				if name == "canceled" {
					cancel()
				}
			}()
			if _, err := client.UnaryCall(ctx, &testpb.SimpleRequest{}); err == nil {
				t.Error("no error")
			}
			// When the server answers the second call, it has read the end of the first one.
			if _, err := client.EmptyCall(t.Context(), &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
				t.Error(err)
			}
			close(release)
			noneInFlight(t, reg)
			got := samples(t, reg)
			if n := got[clientEnded("call", "UnaryCall", "unary", test.want)]; n != 1 {
				t.Errorf("the client has counted %v calls as %s", n, test.want)
			}
			// When a deadline passes, the client may cancel the call before the server notices.
			n := got[ended("UnaryCall", "unary", test.want)]
			if test.want == "DEADLINE_EXCEEDED" {
				n += got[ended("UnaryCall", "unary", "CANCELLED")]
			}
			if n != 1 {
				t.Errorf("the server has counted %v calls as %s", n, test.want)
			}
		})
	}
}

func TestUnknownMethods(t *testing.T) {
	reg := metric.NewContextRegistry()
	server := grpc.NewServer(grpcmetric.ServerOption(reg))
	conn := listen(t, server, echo())()
	for i := range 300 {
		method := fmt.Sprintf("/grpc.testing.TestService/Method%d", i)
		if i%2 == 0 {
			method = fmt.Sprintf("/service%d/Method", i)
		}
		if err := conn.Invoke(t.Context(), method, &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
			t.Fatal(err)
		}
	}
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
	ok(t, err)
	want(t, reg, map[string]float64{
		`grpc_server_call_started_total{grpc_method="other",grpc_type="unknown"}`:                                      300,
		`grpc_server_call_duration_seconds_count{grpc_method="other",grpc_status="UNIMPLEMENTED",grpc_type="unknown"}`: 300,
		ended("UnaryCall", "unary", "OK"): 1,
	})
	noneInFlight(t, reg)
	if n := methods(t, reg); n != 2 {
		t.Errorf("%d values of grpc_method, want other and UnaryCall", n)
	}
}

// methods returns the number of methods that have series in a registry.
func methods(t *testing.T, g metric.Gatherer) (n int) {
	t.Helper()
	for name := range samples(t, g) {
		if strings.HasPrefix(name, "grpc_server_call_started_total") {
			n++
		}
	}
	return n
}

// TestUnknownServiceHandler checks a proxy that answers all methods as if they were bidirectional streams.
func TestUnknownServiceHandler(t *testing.T) {
	proxy := grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(codes.Unavailable, "no backend") })
	flood := func(t *testing.T, conn *grpc.ClientConn) {
		t.Helper()
		if err := conn.Invoke(t.Context(), "/service/"+strings.Repeat("x", 300), &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		for i := range 50 {
			if err := conn.Invoke(t.Context(), fmt.Sprintf("/service/Method%d", i), &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unavailable {
				t.Fatal(err)
			}
		}
		callAll(t, testpb.NewTestServiceClient(conn))
	}
	t.Run("not initialized", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		m, err := grpcmetric.NewServerMetrics(reg, grpcmetric.Opts{MaxMethods: 10})
		ok(t, err)
		flood(t, listen(t, grpc.NewServer(m.ServerOption(), proxy), echo())())
		want(t, reg, map[string]float64{
			// 40 unknown methods, the long name, and the registered stream, which came too late to be
			// distinguished.
			`grpc_server_call_started_total{grpc_method="other",grpc_type="unknown"}`: 42,
			ended("StreamingOutputCall", "server_stream", "OK"):                       1,
		})
		if n := methods(t, reg); n != 10+3+1 {
			t.Errorf("%d methods, want 10 unverified ones, 3 registered ones, and other", n)
		}
	})
	t.Run("initialized", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		m, err := grpcmetric.NewServerMetrics(reg, grpcmetric.Opts{})
		ok(t, err)
		server := grpc.NewServer(m.ServerOption(), proxy)
		testpb.RegisterTestServiceServer(server, echo())
		m.InitializeMetrics(server)
		flood(t, listen(t, server, nil)())
		want(t, reg, map[string]float64{
			`grpc_server_call_started_total{grpc_method="other",grpc_type="unknown"}`:                                    51,
			`grpc_server_call_duration_seconds_count{grpc_method="other",grpc_status="UNAVAILABLE",grpc_type="unknown"}`: 51,
			ended("FullDuplexCall", "bidi_stream", "ABORTED"):                                                            1,
		})
		if n, registered := methods(t, reg), len(server.GetServiceInfo()["grpc.testing.TestService"].Methods); n != registered+1 {
			t.Errorf("%d methods, want %d and other", n, registered)
		}
		noneInFlight(t, reg)
	})
}

func TestInitializeMetrics(t *testing.T) {
	for name, test := range map[string]struct {
		names grpcmetric.Names
		there []string
		codes int // number of series of UnaryCall, by code
	}{
		"OpenTelemetry": {grpcmetric.OpenTelemetryNames, []string{
			otel("grpc_server_call_started_total", "UnaryCall", "unary"),
			otel("grpc_server_call_in_flight", "FullDuplexCall", "bidi_stream"),
			ended("StreamingInputCall", "client_stream", "OK"),
			otel("grpc_server_call_sent_total_compressed_message_size_bytes_count", "StreamingOutputCall", "server_stream", `grpc_status="OK"`),
		}, 3},
		"classic": {grpcmetric.ClassicNames, []string{
			classic("grpc_server_started_total", "UnaryCall", "unary"),
			classic("grpc_server_handled_total", "UnaryCall", "unary", `grpc_code="DataLoss"`),
			classic("grpc_server_msg_sent_total", "FullDuplexCall", "bidi_stream"),
			classic("grpc_server_handling_seconds_count", "StreamingInputCall", "client_stream"),
		}, 17},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			m, err := grpcmetric.NewServerMetrics(reg, grpcmetric.Opts{Names: test.names})
			ok(t, err)
			server := grpc.NewServer(m.ServerOption())
			testpb.RegisterTestServiceServer(server, &service{})
			m.InitializeMetrics(server)
			got := samples(t, reg)
			for _, name := range test.there {
				if v, ok := got[name]; !ok || v != 0 {
					t.Errorf("%s is %v, there: %v", name, v, ok)
				}
			}
			byCode := 0
			for name := range got {
				if strings.Contains(name, "/UnaryCall\"") || strings.Contains(name, "\"UnaryCall\"") {
					if !strings.Contains(name, "_bucket") && !strings.Contains(name, "_sum") && (strings.Contains(name, "grpc_code") || strings.Contains(name, "grpc_status")) {
						byCode++
					}
				}
			}
			if byCode != test.codes {
				t.Errorf("%d series by code, want %d", byCode, test.codes)
			}
		})
	}
}

// TestStop checks streams that a server ends. A graceful stop waits for them.
func TestStop(t *testing.T) {
	for name, test := range map[string]struct {
		stop func(*grpc.Server, func())
		want string
	}{
		"GracefulStop": {func(s *grpc.Server, finish func()) {
			stopped := make(chan struct{})
			go func() { defer close(stopped); s.GracefulStop() }()
			finish()
			<-stopped
		}, "OK"},
		"Stop": {func(s *grpc.Server, finish func()) { s.Stop(); finish() }, "CANCELLED"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			server := grpc.NewServer(grpcmetric.ServerOption(reg), grpc.WaitForHandlers(false))
			finish := make(chan struct{})
			conn := listen(t, server, &service{duplex: func(s grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
				<-finish
				return nil
			}})()
			_, err := testpb.NewTestServiceClient(conn).FullDuplexCall(t.Context())
			ok(t, err)
			want(t, reg, map[string]float64{otel("grpc_server_call_in_flight", "FullDuplexCall", "bidi_stream"): 1})
			test.stop(server, func() { close(finish) })
			want(t, reg, map[string]float64{ended("FullDuplexCall", "bidi_stream", test.want): 1})
			noneInFlight(t, reg)
		})
	}
}

// TestServeHTTP checks a server that runs as an http.Handler, which has its own transport.
func TestServeHTTP(t *testing.T) {
	reg := metric.NewContextRegistry()
	server := grpc.NewServer(grpcmetric.ServerOption(reg))
	testpb.RegisterTestServiceServer(server, echo())
	web := httptest.NewUnstartedServer(server)
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	defer web.Close()
	conn, err := grpc.NewClient(web.Listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	ok(t, err)
	defer conn.Close()
	callAll(t, testpb.NewTestServiceClient(conn))
	if err := conn.Invoke(t.Context(), "/service/Method", &testpb.Empty{}, &testpb.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
	want(t, reg, map[string]float64{
		ended("UnaryCall", "unary", "OK"):                                                   1,
		ended("FullDuplexCall", "bidi_stream", "ABORTED"):                                   1,
		otel("grpc_server_call_rcvd_messages_total", "StreamingInputCall", "client_stream"): 4,
		`grpc_server_call_started_total{grpc_method="other",grpc_type="unknown"}`:           1,
	})
	noneInFlight(t, reg)
}
