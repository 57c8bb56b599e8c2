package grpcmetric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
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

// retries is a service config with which gRPC tries calls three times while the server is unavailable.
const retries = `{"methodConfig": [{"name": [{"service": "grpc.testing.TestService"}], "retryPolicy": {
	"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

func clientEnded(series, method, kind, status string) string {
	return otel("grpc_client_"+series+"_duration_seconds_count", method, kind, `grpc_status="`+status+`"`)
}

func TestRetries(t *testing.T) {
	for _, names := range []grpcmetric.Names{grpcmetric.OpenTelemetryNames, grpcmetric.ClassicNames} {
		reg := metric.NewContextRegistry()
		m, err := grpcmetric.NewClientMetrics(reg, grpcmetric.Opts{Names: names})
		ok(t, err)
		var attempts atomic.Int32
		client := start(t, &service{unary: func(context.Context) error {
			if attempts.Add(1) < 3 {
				return status.Error(codes.Unavailable, "not yet")
			}
			return nil
		}}, nil, append(m.DialOptions(), grpc.WithDefaultServiceConfig(retries))...)
		_, err = client.UnaryCall(t.Context(), &testpb.SimpleRequest{Payload: payload(100)})
		ok(t, err)
		if names == grpcmetric.ClassicNames {
			want(t, reg, map[string]float64{
				classic("grpc_client_started_total", "UnaryCall", "unary"):                   1,
				classic("grpc_client_handled_total", "UnaryCall", "unary", `grpc_code="OK"`): 1,
				classic("grpc_client_msg_sent_total", "UnaryCall", "unary"):                  3,
				classic("grpc_client_sent_bytes_sum", "UnaryCall", "unary"):                  3 * 104,
				classic("grpc_client_received_bytes_sum", "UnaryCall", "unary"):              104,
				classic("grpc_client_handling_seconds_count", "UnaryCall", "unary"):          1,
			})
		} else {
			want(t, reg, map[string]float64{
				otel("grpc_client_call_started_total", "UnaryCall", "unary"):          1,
				clientEnded("call", "UnaryCall", "unary", "OK"):                       1,
				clientEnded("call", "UnaryCall", "unary", "UNAVAILABLE"):              0,
				otel("grpc_client_attempt_started_total", "UnaryCall", "unary"):       3,
				clientEnded("attempt", "UnaryCall", "unary", "UNAVAILABLE"):           2,
				clientEnded("attempt", "UnaryCall", "unary", "OK"):                    1,
				otel("grpc_client_attempt_sent_messages_total", "UnaryCall", "unary"): 3,
			})
		}
		noneInFlight(t, reg)
	}
}

// TestNoAttempt checks calls that fail before gRPC makes an attempt.
func TestNoAttempt(t *testing.T) {
	reg := metric.NewContextRegistry()
	failing := grpc.WithChainStreamInterceptor(func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
		return nil, context.DeadlineExceeded
	})
	client := start(t, echo(), nil, append(grpcmetric.DialOptions(reg), failing)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.UnaryCall(ctx, &testpb.SimpleRequest{}); status.Code(err) != codes.Canceled {
		t.Error(err)
	}
	if _, err := client.FullDuplexCall(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	want(t, reg, map[string]float64{
		clientEnded("call", "UnaryCall", "unary", "CANCELLED"):                     1,
		clientEnded("call", "FullDuplexCall", "bidi_stream", "DEADLINE_EXCEEDED"):  1,
		otel("grpc_client_attempt_started_total", "UnaryCall", "unary"):            0,
		otel("grpc_client_attempt_started_total", "FullDuplexCall", "bidi_stream"): 0,
	})
	noneInFlight(t, reg)
}

func TestUnreachable(t *testing.T) {
	reg := metric.NewContextRegistry()
	conn, err := grpc.NewClient("passthrough:///nowhere", append(grpcmetric.DialOptions(reg), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	ok(t, err)
	defer conn.Close()
	if _, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{}); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	got := samples(t, reg)
	for _, s := range []string{"call", "attempt"} {
		name := strings.Replace(clientEnded(s, "UnaryCall", "unary", "UNAVAILABLE"), "bufconn", "nowhere", 1)
		if got[name] != 1 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	noneInFlight(t, reg)
}

// TestAbandonedStreams checks streams that the client does not read to the end.
func TestAbandonedStreams(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(cancel context.CancelFunc, conn *grpc.ClientConn)
		want  string
	}{
		"canceled":          {func(cancel context.CancelFunc, _ *grpc.ClientConn) { cancel() }, "CANCELLED"},
		"connection closed": {func(_ context.CancelFunc, conn *grpc.ClientConn) { conn.Close() }, "CANCELLED"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			conn := listen(t, grpc.NewServer(grpcmetric.ServerOption(reg)), &service{
				duplex: func(s grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
					<-s.Context().Done()
					return s.Context().Err()
				},
			})(grpcmetric.DialOptions(reg)...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := testpb.NewTestServiceClient(conn).FullDuplexCall(ctx)
			ok(t, err)
			want(t, reg, map[string]float64{
				otel("grpc_server_call_in_flight", "FullDuplexCall", "bidi_stream"): 1,
				otel("grpc_client_call_in_flight", "FullDuplexCall", "bidi_stream"): 1,
			})
			test.leave(cancel, conn)
			want(t, reg, map[string]float64{
				clientEnded("call", "FullDuplexCall", "bidi_stream", test.want):    1,
				clientEnded("attempt", "FullDuplexCall", "bidi_stream", test.want): 1,
				ended("FullDuplexCall", "bidi_stream", "CANCELLED"):                1,
			})
			noneInFlight(t, reg)
		})
	}
}

func TestPanickingInterceptors(t *testing.T) {
	reg := metric.NewContextRegistry()
	unary := func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
		panic("oops")
	}
	stream := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
		panic("oops")
	}
	client := start(t, echo(), nil, append(grpcmetric.DialOptions(reg), grpc.WithChainUnaryInterceptor(unary), grpc.WithChainStreamInterceptor(stream))...)
	panics := func(f func()) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		f()
	}
	panics(func() { _, _ = client.UnaryCall(t.Context(), &testpb.SimpleRequest{}) })
	panics(func() { _, _ = client.FullDuplexCall(t.Context()) })
	want(t, reg, map[string]float64{
		clientEnded("call", "UnaryCall", "unary", "UNKNOWN"):            1,
		clientEnded("call", "FullDuplexCall", "bidi_stream", "UNKNOWN"): 1,
	})
	noneInFlight(t, reg)
}

// TestHedgingInterceptor checks an interceptor that makes several calls at the same time with the context of
// one.
func TestHedgingInterceptor(t *testing.T) {
	reg := metric.NewContextRegistry()
	hedging := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		errs := make(chan error, 4)
		for range cap(errs) {
			go func() { errs <- invoke(ctx, method, req, new(testpb.SimpleResponse), cc, opts...) }()
		}
		var all error
		for range cap(errs) {
			all = errors.Join(all, <-errs)
		}
		return all
	}
	client := start(t, echo(), nil, append(grpcmetric.DialOptions(reg), grpc.WithChainUnaryInterceptor(hedging))...)
	for range 10 {
		_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
		ok(t, err)
	}
	want(t, reg, map[string]float64{
		clientEnded("call", "UnaryCall", "unary", "OK"):    10,
		clientEnded("attempt", "UnaryCall", "unary", "OK"): 40,
	})
}

// TestNestedContext checks that a call with the context of another call's stream counts as a separate call.
func TestNestedContext(t *testing.T) {
	reg := metric.NewContextRegistry()
	client := start(t, echo(), nil, grpcmetric.DialOptions(reg)...)
	stream, err := client.FullDuplexCall(t.Context())
	ok(t, err)
	_, err = client.UnaryCall(stream.Context(), &testpb.SimpleRequest{})
	ok(t, err)
	ok(t, stream.CloseSend())
	for err == nil {
		_, err = stream.Recv()
	}
	want(t, reg, map[string]float64{
		clientEnded("call", "UnaryCall", "unary", "OK"):                       1,
		clientEnded("attempt", "UnaryCall", "unary", "OK"):                    1,
		clientEnded("call", "FullDuplexCall", "bidi_stream", "ABORTED"):       1,
		otel("grpc_client_attempt_rcvd_messages_total", "UnaryCall", "unary"): 1,
	})
	noneInFlight(t, reg)
}

func TestClientBound(t *testing.T) {
	reg := metric.NewContextRegistry()
	m, err := grpcmetric.NewClientMetrics(reg, grpcmetric.Opts{MaxMethods: 5})
	ok(t, err)
	conn := listen(t, grpc.NewServer(), echo())(m.DialOptions()...)
	if err := conn.Invoke(t.Context(), "/service/"+strings.Repeat("x", 300), &testpb.Empty{}, &testpb.Empty{}); err == nil {
		t.Fatal("no error")
	}
	for i := range 50 {
		if err := conn.Invoke(t.Context(), fmt.Sprintf("/service/Method%d\xff", i), &testpb.Empty{}, &testpb.Empty{}); err == nil {
			t.Fatal("no error")
		}
	}
	n := 0
	for name := range samples(t, reg) {
		if strings.HasPrefix(name, "grpc_client_call_started_total") {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d series, want 5 and other", n)
	}
	want(t, reg, map[string]float64{
		`grpc_client_call_started_total{grpc_method="other",grpc_target="other",grpc_type="unknown"}`: 46,
	})
}

// TestConcurrently checks that two clients and two servers share the metrics of a registry, with concurrent
// calls.
func TestConcurrently(t *testing.T) {
	reg := metric.NewContextRegistry()
	const goroutines, calls = 4, 25
	done := make(chan error)
	for range 2 {
		client := start(t, echo(), []grpc.ServerOption{grpcmetric.ServerOption(reg)}, grpcmetric.DialOptions(reg)...)
		for range goroutines {
			go func() {
				var err error
				for range calls {
					_, e := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
					err = errors.Join(err, e)
				}
				done <- err
			}()
		}
	}
	for range 2 * goroutines {
		select {
		case err := <-done:
			ok(t, err)
		case <-time.After(time.Minute):
			t.Fatal("timeout")
		}
	}
	want(t, reg, map[string]float64{
		clientEnded("call", "UnaryCall", "unary", "OK"): 2 * goroutines * calls,
		ended("UnaryCall", "unary", "OK"):               2 * goroutines * calls,
	})
	noneInFlight(t, reg)
}
