package grpcmetric_test

import (
	"context"
	"crypto/tls"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

// The functions in this file have the snippets of docs/grpc.md.
var _ = []any{measureServer, measureClient, exemplars}

func measureServer(registry metric.Registerer) *grpc.Server {
	server := grpc.NewServer(grpcmetric.ServerOption(registry))
	return server
}

func measureClient(ctx context.Context, registry metric.Registerer) error {
	options := grpcmetric.DialOptions(registry) // before other options with interceptors
	options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{})))
	conn, err := grpc.NewClient("dns:///shop.example.com:443", options...)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

func newHealthServer(registry metric.Registerer) (*grpc.Server, error) {
	metrics, err := grpcmetric.NewServerMetrics(registry, grpcmetric.Opts{})
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(metrics.ServerOption())
	healthpb.RegisterHealthServer(server, health.NewServer()) // and all other services
	metrics.InitializeMetrics(server)
	return server, nil
}

func exemplars(registry metric.Registerer) (grpc.ServerOption, error) {
	metrics, err := grpcmetric.NewServerMetrics(registry, grpcmetric.Opts{Exemplars: true})
	if err != nil {
		return nil, err
	}
	return metrics.ServerOption(), nil
}

// The series of all methods exist before the first call.
func ExampleServerMetrics_InitializeMetrics() {
	registry := metric.NewContextRegistry()
	if _, err := newHealthServer(registry); err != nil {
		log.Fatal(err)
	}

	printCounters(registry, "grpc_server_call_started_total")
	// Output:
	// grpc_server_call_started_total [grpc.health.v1.Health/Check unary] 0
	// grpc_server_call_started_total [grpc.health.v1.Health/List unary] 0
	// grpc_server_call_started_total [grpc.health.v1.Health/Watch server_stream] 0
}
