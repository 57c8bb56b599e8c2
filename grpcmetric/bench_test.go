package grpcmetric_test

import (
	"testing"

	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

// BenchmarkCall compares calls that the server or the client measures with calls that are not measured.
func BenchmarkCall(b *testing.B) {
	for _, bench := range []struct {
		name   string
		server func() []grpc.ServerOption
		client func() []grpc.DialOption
	}{
		{"none", func() []grpc.ServerOption { return nil }, func() []grpc.DialOption { return nil }},
		{"server", func() []grpc.ServerOption {
			return []grpc.ServerOption{grpcmetric.ServerOption(metric.NewContextRegistry())}
		}, func() []grpc.DialOption { return nil }},
		{"client", func() []grpc.ServerOption { return nil }, func() []grpc.DialOption { return grpcmetric.DialOptions(metric.NewContextRegistry()) }},
	} {
		b.Run("unary/"+bench.name, func(b *testing.B) {
			client := start(b, echo(), bench.server(), bench.client()...)
			b.ReportAllocs()
			for b.Loop() {
				_, err := client.UnaryCall(b.Context(), &testpb.SimpleRequest{})
				ok(b, err)
			}
		})
		b.Run("message/"+bench.name, func(b *testing.B) {
			client := start(b, echo(), bench.server(), bench.client()...)
			stream, err := client.FullDuplexCall(b.Context())
			ok(b, err)
			b.ReportAllocs()
			for b.Loop() { // one message in each direction
				ok(b, stream.Send(&testpb.StreamingOutputCallRequest{}))
				_, err := stream.Recv()
				ok(b, err)
			}
		})
	}
}
