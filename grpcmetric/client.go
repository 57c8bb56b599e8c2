package grpcmetric

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/luxfi/metric"
)

// DialOptions returns the options that measure a client. It registers the metrics with reg, or uses those
// that are already registered, and panics if that fails. Use [NewClientMetrics] to set options.
//
// It returns several options because gRPC passes attempts to a stats.Handler and calls to an interceptor,
// and cannot join options.
func DialOptions(reg metric.Registerer) []grpc.DialOption {
	m, err := NewClientMetrics(reg, Opts{})
	if err != nil {
		panic(err)
	}
	return m.DialOptions()
}

// ClientMetrics measures gRPC clients. It is safe for concurrent use.
type ClientMetrics struct {
	calls, attempts *vectors // attempts is nil if attempts are not counted
	limit           int

	methods table[clientMethod, clientSeries]
	other   func() *clientSeries
}

// clientMethod is a method of a target. The program chooses both names.
type clientMethod struct{ target, method string }

// clientSeries has the series of a method.
type clientSeries struct {
	call    *series
	attempt *series // nil if attempts are not counted
	traffic *series // call or attempt, whichever counts messages
}

// NewClientMetrics returns metrics for clients. It uses metrics that are already registered with reg and
// registers the others. It returns an error if a registration fails or an option is not valid. It panics,
// as metric.NewHistogram does, if buckets are not valid.
func NewClientMetrics(reg metric.Registerer, opts Opts) (*ClientMetrics, error) {
	if reg == nil {
		return nil, errNoRegisterer
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	r := &registrar{reg: reg}
	m := &ClientMetrics{calls: newVectors(r, callLayouts[opts.Names], &opts), limit: opts.maxMethods()}
	if attempts, ok := attemptLayouts[opts.Names]; ok {
		m.attempts = newVectors(r, attempts, &opts)
	}
	m.other = sync.OnceValue(func() *clientSeries { return m.seriesOf(identity{kind: unknownKind, other: true}) })
	if err := r.finish(); err != nil {
		return nil, err
	}
	return m, nil
}

// DialOptions returns the options that measure a client with m. Several clients may share m. A client that
// gets the options twice counts everything twice.
func (m *ClientMetrics) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithStatsHandler(clientHandler{m}),
		grpc.WithChainUnaryInterceptor(m.interceptUnary),
		grpc.WithChainStreamInterceptor(m.interceptStream),
	}
}

func (m *ClientMetrics) seriesOf(i identity) *clientSeries {
	s := &clientSeries{call: m.calls.of(i)}
	s.traffic = s.call
	if m.attempts != nil {
		s.attempt = m.attempts.of(i)
		s.traffic = s.attempt
	}
	return s
}

// find returns the series for a method of a client.
func (m *ClientMetrics) find(cc *grpc.ClientConn, method string, k kind) *clientSeries {
	key := clientMethod{cc.Target(), method}
	if s := m.methods.get(key); s != nil {
		return s
	}
	if len(method) > maxNameLength || m.methods.size() >= m.limit {
		return m.other()
	}
	key = clientMethod{strings.Clone(key.target), strings.Clone(method)}
	s := m.methods.add(key, func() bool { return m.methods.size() < m.limit }, func() *clientSeries {
		return m.seriesOf(identity{target: cc.CanonicalTarget(), method: key.method, kind: k})
	})
	if s == nil {
		return m.other()
	}
	return s
}

// clientCall is a call. It is also the context of everything that gRPC does for the call.
type clientCall struct {
	context.Context // the caller's

	metrics *ClientMetrics
	series  *clientSeries
	start   time.Time
	traffic traffic // traffic of all attempts
	ended   atomic.Bool

	// first is the first attempt, and usually the only one. Embedding it saves an allocation.
	first   attempt
	claimed atomic.Bool // whether first is in use
}

func (m *ClientMetrics) begin(ctx context.Context, cc *grpc.ClientConn, method string, k kind) *clientCall {
	c := &clientCall{Context: ctx, metrics: m, series: m.find(cc, method, k), start: time.Now()}
	c.series.call.begin()
	return c
}

// end counts the end of the call unless that has been done.
func (c *clientCall) end(code codes.Code) {
	if !c.ended.Swap(true) {
		c.series.call.end(c.Context, code, time.Since(c.start), c.traffic.sent.Load(), c.traffic.received.Load())
	}
}

// Value returns the call itself if key belongs to the metrics of the call.
func (c *clientCall) Value(key any) any {
	if key == any(c.metrics) {
		return c
	}
	return c.Context.Value(key)
}

func (m *ClientMetrics) interceptUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	c := m.begin(ctx, cc, method, unary)
	code := codes.Unknown // in case of a panic
	defer func() { c.end(code) }()
	err := invoke(c, method, req, reply, cc, opts...)
	code = codeOf(err)
	return err
}

func (m *ClientMetrics) interceptStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c := m.begin(ctx, cc, method, kindOf(desc.ClientStreams, desc.ServerStreams))
	opened := false
	defer func() {
		if !opened {
			c.end(codes.Unknown) // in case of a panic
		}
	}()
	// gRPC calls this when the stream ends for any reason.
	withEnd := make([]grpc.CallOption, 0, len(opts)+1)
	withEnd = append(append(withEnd, grpc.OnFinish(func(err error) { c.end(codeOf(err)) })), opts...)
	stream, err := open(c, desc, cc, method, withEnd...)
	opened = true
	if err != nil {
		c.end(codeOf(err)) // in case an interceptor failed before gRPC was called
	}
	return stream, err
}
