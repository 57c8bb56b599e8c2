package grpc

import "context"

type UnaryServerInfo struct{}

type UnaryHandler func(ctx context.Context, req any) (any, error)

type ServerStream interface {
	SetTrailer(any)
	SendMsg(any) error
}
