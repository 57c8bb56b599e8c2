package grpcmetric

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/luxfi/metric"
)

// The events of a call as gRPC reports them. They are created once, so that their allocations do not count.
var (
	tag      = &stats.RPCTagInfo{FullMethodName: "/service/Method"}
	begin    = &stats.Begin{BeginTime: time.Now()}
	in       = &stats.InPayload{Length: 10, CompressedLength: 10}
	out      = &stats.OutPayload{Length: 10, CompressedLength: 10}
	trailer  = &stats.OutTrailer{}
	end      = &stats.End{BeginTime: time.Now(), EndTime: time.Now()}
	failed   = &stats.End{BeginTime: time.Now(), EndTime: time.Now(), Error: status.Error(codes.NotFound, "")}
	messages = 10
)

func serverCallOf(h stats.Handler, end *stats.End) {
	ctx := h.TagRPC(context.Background(), tag)
	h.HandleRPC(ctx, begin)
	for range messages {
		h.HandleRPC(ctx, in)
		h.HandleRPC(ctx, out)
	}
	h.HandleRPC(ctx, trailer)
	h.HandleRPC(ctx, end)
}

func TestAllocations(t *testing.T) {
	for _, names := range []Names{OpenTelemetryNames, ClassicNames} {
		opts := Opts{Names: names, Buckets: metric.DefBuckets, NativeBucketFactor: 1.1}
		server, err := NewServerMetrics(metric.NewContextRegistry(), opts)
		if err != nil {
			t.Fatal(err)
		}
		client, err := NewClientMetrics(metric.NewContextRegistry(), opts)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			h := clientHandler{client}
			ctx = h.TagRPC(ctx, tag)
			h.HandleRPC(ctx, begin)
			for range messages {
				h.HandleRPC(ctx, in)
				h.HandleRPC(ctx, out)
			}
			h.HandleRPC(ctx, end)
			return nil
		}
		for name, test := range map[string]struct {
			call func()
			want float64
		}{
			"server":             {func() { serverCallOf(serverHandler{server}, end) }, 1},
			"server, other code": {func() { serverCallOf(serverHandler{server}, failed) }, 1},
			"client":             {func() { _ = client.interceptUnary(context.Background(), "/service/Method", nil, nil, conn, invoke) }, 1},
		} {
			test.call()
			if got := testing.AllocsPerRun(100, test.call); got > test.want {
				t.Errorf("names %d, %s: %v allocations, want %v", names, name, got, test.want)
			}
		}
	}
}

// TestContextsNeedNoGoroutine checks that contexts derived from this package's contexts find the cancelable
// parent behind them. Otherwise, each call with a deadline would cost a goroutine.
func TestContextsNeedNoGoroutine(t *testing.T) {
	m, err := NewServerMetrics(metric.NewContextRegistry(), Opts{})
	if err != nil {
		t.Fatal(err)
	}
	parent, cancel := context.WithCancelCause(context.WithValue(context.Background(), tag, "value"))
	ctx, stop := context.WithCancel(serverHandler{m}.TagRPC(parent, tag))
	defer stop()
	if ctx.Value(tag) != "value" {
		t.Error("a value is lost")
	}
	cause := errors.New("cause")
	cancel(cause)
	// A goroutine would not have had time to pass the cause on.
	if ctx.Err() == nil || !errors.Is(context.Cause(ctx), cause) {
		t.Errorf("the context ended with %v", ctx.Err())
	}
}

func TestNumberOfCodes(t *testing.T) {
	if got, want := classicCodes[numCodes-1], "Unauthenticated"; got != want {
		t.Errorf("the last code is %s, want %s", got, want)
	}
	if next := codes.Code(numCodes).String(); next != fmt.Sprintf("Code(%d)", numCodes) {
		t.Errorf("gRPC has another code: %s", next)
	}
	for i, name := range openTelemetryCodes {
		var code codes.Code
		if err := code.UnmarshalJSON([]byte(`"` + name + `"`)); err != nil || code != codes.Code(i) {
			t.Errorf("%s is %v: %v", name, code, err)
		}
	}
}
