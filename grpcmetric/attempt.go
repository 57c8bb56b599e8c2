package grpcmetric

import (
	"context"

	"google.golang.org/grpc/stats"
)

// clientHandler is the stats.Handler of [ClientMetrics]. gRPC calls it for each attempt.
type clientHandler struct{ *ClientMetrics }

// attempt is an attempt of a call. It is also the context of everything that gRPC does for the attempt.
type attempt struct {
	context.Context // the attempt's, as created by gRPC from the call's

	call    *clientCall
	traffic traffic
}

// attemptKey is the context key of the attempt that metrics counts.
type attemptKey struct{ metrics *ClientMetrics }

// Value returns the attempt itself if key belongs to the handler that created the attempt.
func (a *attempt) Value(key any) any {
	if key, ok := key.(attemptKey); ok && key.metrics == a.call.metrics {
		return a
	}
	return a.Context.Value(key)
}

// TagRPC implements stats.Handler.
func (h clientHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	c, ok := ctx.Value(h.ClientMetrics).(*clientCall)
	if !ok {
		return ctx
	}
	a := &c.first
	if c.claimed.Swap(true) {
		a = new(attempt)
	}
	a.Context, a.call = ctx, c
	return a
}

// HandleRPC implements stats.Handler.
func (h clientHandler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	a, ok := ctx.(*attempt)
	if !ok || a.call.metrics != h.ClientMetrics {
		if a, ok = ctx.Value(attemptKey{h.ClientMetrics}).(*attempt); !ok {
			return
		}
	}
	s := a.call.series
	switch event := event.(type) {
	case *stats.Begin:
		if s.attempt != nil {
			s.attempt.begin()
		}
	case *stats.InPayload:
		a.traffic.receive(s.traffic, event.CompressedLength)
	case *stats.OutPayload:
		a.traffic.send(s.traffic, event.CompressedLength)
	case *stats.End:
		sent, received := a.traffic.sent.Load(), a.traffic.received.Load()
		a.call.traffic.sent.Add(sent)
		a.call.traffic.received.Add(received)
		if s.attempt != nil {
			s.attempt.end(a, codeOf(event.Error), event.EndTime.Sub(event.BeginTime), sent, received)
		}
	}
}

// TagConn implements stats.Handler.
func (h clientHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (h clientHandler) HandleConn(context.Context, stats.ConnStats) {}
