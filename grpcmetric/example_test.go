package grpcmetric_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

// printCounters prints the counters called name.
func printCounters(g metric.Gatherer, name string) {
	families, err := g.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := make([]string, 0, len(m.GetLabel()))
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			slices.Sort(labels)
			fmt.Println(name, labels, m.GetCounter().GetValue())
		}
	}
}

// callHealth calls a health service twice, and then a method that it does not have.
func callHealth(server *grpc.Server, options ...grpc.DialOption) error {
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener := bufconn.Listen(1 << 16) // in a program, net.Listen
	go func() { _ = server.Serve(listener) }()
	defer server.GracefulStop()

	conn, err := grpc.NewClient("passthrough:///health", append(options,
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := healthpb.NewHealthClient(conn)
	for _, service := range []string{"", "unknown"} {
		_, _ = client.Check(context.Background(), &healthpb.HealthCheckRequest{Service: service})
	}
	_ = conn.Invoke(context.Background(), "/grpc.health.v1.Health/Guess", &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{})
	return nil
}

// A server and a client are measured with one option each.
func Example() {
	registry := metric.NewContextRegistry()

	server := grpc.NewServer(grpcmetric.ServerOption(registry))
	if err := callHealth(server, grpcmetric.DialOptions(registry)...); err != nil {
		log.Fatal(err)
	}

	printCounters(registry, "grpc_server_call_started_total")
	printCounters(registry, "grpc_client_attempt_sent_messages_total")
	// Output:
	// grpc_server_call_started_total [grpc.health.v1.Health/Check unary] 2
	// grpc_server_call_started_total [other unknown] 1
	// grpc_client_attempt_sent_messages_total [grpc.health.v1.Health/Check passthrough:///health unary] 2
	// grpc_client_attempt_sent_messages_total [grpc.health.v1.Health/Guess passthrough:///health unary] 1
}

// Dashboards that were made for go-grpc-prometheus or go-grpc-middleware work with the classic names.
func ExampleNewServerMetrics() {
	registry := metric.NewContextRegistry()
	metrics, err := grpcmetric.NewServerMetrics(registry, grpcmetric.Opts{
		Names:   grpcmetric.ClassicNames,
		Buckets: []float64{0.01, 0.1, 1, 10},
	})
	if err != nil {
		log.Fatal(err)
	}

	server := grpc.NewServer(metrics.ServerOption())
	if err := callHealth(server); err != nil {
		log.Fatal(err)
	}

	printCounters(registry, "grpc_server_handled_total")
	// Output:
	// grpc_server_handled_total [Check NotFound grpc.health.v1.Health unary] 1
	// grpc_server_handled_total [Check OK grpc.health.v1.Health unary] 1
	// grpc_server_handled_total [Unimplemented other other unknown] 1
}
