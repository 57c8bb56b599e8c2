package main

import (
	"context"
	"errors"
	"net"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// stock is a gRPC service that knows which goods are in stock, and its client. It is gRPC's health service,
// with one service name per kind of goods, so the example needs no generated code.
type stock struct {
	server *grpc.Server
	served chan error
	conn   *grpc.ClientConn
}

// openStock starts the service on a free port, with the given goods in stock.
func openStock(ctx context.Context, goods ...string) (*stock, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	s := &stock{server: grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler())), served: make(chan error, 1), conn: conn}
	service := health.NewServer()
	for _, g := range goods {
		service.SetServingStatus(g, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	grpc_health_v1.RegisterHealthServer(s.server, service)
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// has asks the service whether goods of a kind are in stock.
func (s *stock) has(ctx context.Context, goods string) (bool, error) {
	_, err := grpc_health_v1.NewHealthClient(s.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goods})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	return err == nil, err
}

func (s *stock) close() error {
	err := s.conn.Close()
	s.server.GracefulStop()
	return errors.Join(err, <-s.served)
}
