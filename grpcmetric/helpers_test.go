package grpcmetric_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/test/bufconn"

	"github.com/luxfi/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a TestService made of functions. Methods whose function is nil are unimplemented.
type service struct {
	testpb.UnimplementedTestServiceServer

	unary  func(context.Context) error
	input  func(grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error
	output func(grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error
	duplex func(grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error
}

func (s *service) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := s.unary(ctx); err != nil {
		return nil, err
	}
	return &testpb.SimpleResponse{Payload: r.GetPayload()}, nil
}

func (s *service) StreamingInputCall(stream grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
	return s.input(stream)
}

func (s *service) StreamingOutputCall(_ *testpb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	return s.output(stream)
}

func (s *service) FullDuplexCall(stream grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	return s.duplex(stream)
}

// listen serves s until the test ends. dial connects a client to it.
func listen(t testing.TB, s *grpc.Server, impl *service) (dial func(...grpc.DialOption) *grpc.ClientConn) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	if impl != nil {
		testpb.RegisterTestServiceServer(s, impl)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(listener); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		s.Stop()
		<-done
	})
	return func(opts ...grpc.DialOption) *grpc.ClientConn {
		t.Helper()
		opts = append(opts,
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithTransportCredentials(insecure.NewCredentials()))
		conn, err := grpc.NewClient("passthrough:///bufconn", opts...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

// start serves impl with the given options and returns a client.
func start(t testing.TB, impl *service, opts []grpc.ServerOption, dialOpts ...grpc.DialOption) testpb.TestServiceClient {
	t.Helper()
	return testpb.NewTestServiceClient(listen(t, grpc.NewServer(opts...), impl)(dialOpts...))
}

// samples returns the values of all series of a registry by their names in the text format.
func samples(t testing.TB, g metric.Gatherer) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	metric.HandlerFor(g).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	all := make(map[string]float64)
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[space:]), 64)
		if err != nil {
			t.Fatal(err)
		}
		all[line[:space]] = value
	}
	return all
}

// want waits until the registry has the given values. A server counts the end of a call after the client has
// seen it.
func want(t testing.TB, g metric.Gatherer, values map[string]float64) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		got := samples(t, g)
		bad := make(map[string]float64)
		for name, value := range values {
			if v, ok := got[name]; v != value || !ok && value != 0 {
				bad[name] = v
			}
		}
		if len(bad) == 0 {
			return
		}
		if time.Now().After(deadline) {
			for name, v := range bad {
				t.Errorf("%s is %v, want %v", name, v, values[name])
			}
			for name, v := range got {
				if !strings.Contains(name, "_bucket") {
					t.Logf("there is %s %v", name, v)
				}
			}
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// noneInFlight checks that no call is in flight after all have ended.
func noneInFlight(t testing.TB, g metric.Gatherer) {
	t.Helper()
	values := make(map[string]float64)
	for name := range samples(t, g) {
		if strings.Contains(name, "_in_flight") {
			values[name] = 0
		}
	}
	if len(values) == 0 {
		t.Error("no series for calls in flight")
	}
	want(t, g, values)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// otel returns the name of a series of a method of the test service, with OpenTelemetry's labels.
func otel(name, method, kind string, more ...string) string {
	labels := []string{`grpc_method="grpc.testing.TestService/` + method + `"`, `grpc_type="` + kind + `"`}
	if strings.HasPrefix(name, "grpc_client") {
		labels = append(labels, `grpc_target="passthrough:///bufconn"`)
	}
	labels = append(labels, more...)
	return name + "{" + strings.Join(sorted(labels), ",") + "}"
}

// classic is like otel, with the classic labels.
func classic(name, method, kind string, more ...string) string {
	labels := append([]string{`grpc_method="` + method + `"`, `grpc_service="grpc.testing.TestService"`, `grpc_type="` + kind + `"`}, more...)
	return name + "{" + strings.Join(sorted(labels), ",") + "}"
}

// tagger is a stats.Handler that puts a trace into the context of each call.
type tagger struct{}

func (tagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, traceKey{}, "of-server")
}
func (tagger) HandleRPC(context.Context, stats.RPCStats)                         {}
func (tagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (tagger) HandleConn(context.Context, stats.ConnStats)                       {}
