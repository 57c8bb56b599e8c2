// Package grpc compares package grpcmetric with go-grpc-middleware and with calls that are not
// measured.
package grpc

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

type service struct {
	testpb.UnimplementedTestServiceServer
}

func (service) UnaryCall(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{}, nil
}

func (service) FullDuplexCall(stream grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return nil //nolint:nilerr // The client has nothing more to send.
		}
		if err := stream.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// measured returns the options of a server and a client whose calls a peer measures.
func measured(b *testing.B, peer string) (server []grpc.ServerOption, client []grpc.DialOption) {
	b.Helper()
	switch peer {
	case "metric", "metric-sizes":
		reg := metric.NewContextRegistry()
		opts := grpcmetric.Opts{Names: grpcmetric.ClassicNames, NoSizes: peer == "metric"} // the metrics that go-grpc-middleware has, or all of ours
		s, err := grpcmetric.NewServerMetrics(reg, opts)
		check(b, err)
		c, err := grpcmetric.NewClientMetrics(reg, opts)
		check(b, err)
		return []grpc.ServerOption{s.ServerOption()}, c.DialOptions()
	case "go-grpc-middleware":
		reg := prometheus.NewRegistry()
		s := middleware.NewServerMetrics(middleware.WithServerHandlingTimeHistogram())
		c := middleware.NewClientMetrics(middleware.WithClientHandlingTimeHistogram())
		reg.MustRegister(s, c)
		return []grpc.ServerOption{grpc.UnaryInterceptor(s.UnaryServerInterceptor()), grpc.StreamInterceptor(s.StreamServerInterceptor())},
			[]grpc.DialOption{grpc.WithUnaryInterceptor(c.UnaryClientInterceptor()), grpc.WithStreamInterceptor(c.StreamClientInterceptor())}
	default:
		return nil, nil
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// connect starts a server and returns a client that is connected to it.
func connect(b *testing.B, server []grpc.ServerOption, client []grpc.DialOption) testpb.TestServiceClient {
	b.Helper()
	listener := bufconn.Listen(1 << 16)
	s := grpc.NewServer(server...)
	testpb.RegisterTestServiceServer(s, service{})
	go func() { _ = s.Serve(listener) }()
	b.Cleanup(s.Stop)
	conn, err := grpc.NewClient("passthrough:///bench", append(client,
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	check(b, err)
	b.Cleanup(func() { conn.Close() })
	return testpb.NewTestServiceClient(conn)
}

// cpuTime returns the processor time that the program has used. Unlike elapsed time, it does not
// include the time that goroutines wait for each other.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// each runs a benchmark for each peer and each side of a call.
func each(b *testing.B, run func(b *testing.B, client testpb.TestServiceClient)) {
	for _, side := range []string{"server", "client"} {
		for _, peer := range []string{"none", "metric", "metric-sizes", "go-grpc-middleware"} {
			b.Run("side="+side+"/peer="+peer, func(b *testing.B) {
				server, client := measured(b, peer)
				if side == "server" {
					client = nil
				} else {
					server = nil
				}
				c := connect(b, server, client)
				b.ReportAllocs()
				before := cpuTime(b)
				run(b, c)
				b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkCall measures unary calls.
func BenchmarkCall(b *testing.B) {
	each(b, func(b *testing.B, client testpb.TestServiceClient) {
		for b.Loop() {
			_, err := client.UnaryCall(b.Context(), &testpb.SimpleRequest{})
			check(b, err)
		}
	})
}

// BenchmarkMessage measures sending a message on a stream and waiting for the reply.
func BenchmarkMessage(b *testing.B) {
	each(b, func(b *testing.B, client testpb.TestServiceClient) {
		stream, err := client.FullDuplexCall(b.Context())
		check(b, err)
		for b.Loop() {
			check(b, stream.Send(&testpb.StreamingOutputCallRequest{}))
			_, err := stream.Recv()
			check(b, err)
		}
	})
}
