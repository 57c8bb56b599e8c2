package grpcmetric

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"

	"github.com/luxfi/metric"
)

// ServerOption returns the option that measures a server. It registers the metrics with reg, or uses those
// that are already registered, and panics if that fails. Use [NewServerMetrics] to set options.
func ServerOption(reg metric.Registerer) grpc.ServerOption {
	m, err := NewServerMetrics(reg, Opts{})
	if err != nil {
		panic(err)
	}
	return m.ServerOption()
}

// ServerMetrics measures gRPC servers. It is safe for concurrent use.
type ServerMetrics struct {
	vectors *vectors
	limit   int

	methods     table[string, series] // by full name
	unverified  atomic.Int64          // attempts to add methods that may not be registered
	initialized atomic.Bool
	other       func() *series
}

// NewServerMetrics returns metrics for servers. It uses metrics that are already registered with reg and
// registers the others. It returns an error if a registration fails or an option is not valid. It panics,
// as metric.NewHistogram does, if buckets are not valid.
func NewServerMetrics(reg metric.Registerer, opts Opts) (*ServerMetrics, error) {
	if reg == nil {
		return nil, errNoRegisterer
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	r := &registrar{reg: reg}
	m := &ServerMetrics{vectors: newVectors(r, serverLayouts[opts.Names], &opts), limit: opts.maxMethods()}
	m.other = sync.OnceValue(func() *series { return m.vectors.of(identity{kind: unknownKind, other: true}) })
	if err := r.finish(); err != nil {
		return nil, err
	}
	return m, nil
}

// ServerOption returns the option that measures a server with m. Several servers may share m. A server that
// gets the option twice counts everything twice.
func (m *ServerMetrics) ServerOption() grpc.ServerOption { return grpc.StatsHandler(serverHandler{m}) }

// InitializeMetrics creates the series of all methods that are registered with the server, so that they
// exist, with the value zero, before the first call. It creates the classic counters for each status code,
// but OpenTelemetry's histograms only for OK. Call it after registering all services, usually with a
// [*grpc.Server].
//
// It also tells m which methods exist. From then on, m counts any other bidirectional stream as handled by
// a grpc.UnknownServiceHandler. Therefore, call it for all servers that share m, or for none.
func (m *ServerMetrics) InitializeMetrics(server interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
}) {
	m.initialized.Store(true)
	for service, info := range server.GetServiceInfo() {
		for i := range info.Methods {
			method := &info.Methods[i]
			name := "/" + service + "/" + method.Name
			kind := kindOf(method.IsClientStream, method.IsServerStream)
			m.methods.add(name, always, func() *series { return m.vectors.of(identity{method: name, kind: kind}) }).initialize()
		}
	}
}

func always() bool { return true }

// find returns the series for a call that gRPC dispatched to a handler of the given type. Each call of an
// unknown method that has a handler comes here, so find must not take a lock for it.
func (m *ServerMetrics) find(method string, k kind) *series {
	admit := always // Only a registered method can have another type than an unknown one.
	if k == bidiStream {
		if m.initialized.Load() || len(method) > maxNameLength || m.unverified.Load() >= int64(m.limit) {
			return m.other()
		}
		admit = func() bool { return m.unverified.Add(1) <= int64(m.limit) }
	}
	method = strings.Clone(method)
	if s := m.methods.add(method, admit, func() *series { return m.vectors.of(identity{method: method, kind: k}) }); s != nil {
		return s
	}
	return m.other()
}

// serverHandler is the stats.Handler of [ServerMetrics].
type serverHandler struct{ *ServerMetrics }

// serverCall is a call. It is also the context of everything that gRPC does for the call.
type serverCall struct {
	context.Context // the call's, as created by gRPC

	metrics *ServerMetrics
	method  string
	series  *series   // nil until it is known whether the method exists
	arrived time.Time // set only if the series are not known on arrival
	traffic traffic

	begun    bool        // whether a handler has begun
	answered atomic.Bool // whether the status was sent
}

// Value returns the call itself if key belongs to the handler that created the call.
func (c *serverCall) Value(key any) any {
	if key == any(c.metrics) {
		return c
	}
	return c.Context.Value(key)
}

// TagRPC implements stats.Handler.
func (h serverHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	c := &serverCall{Context: ctx, metrics: h.ServerMetrics, method: info.FullMethodName, series: h.methods.get(info.FullMethodName)}
	if c.series == nil {
		c.arrived = time.Now()
	}
	return c
}

// HandleRPC implements stats.Handler.
func (h serverHandler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	c, ok := ctx.(*serverCall)
	if !ok || c.metrics != h.ServerMetrics {
		if c, ok = ctx.Value(h.ServerMetrics).(*serverCall); !ok {
			return
		}
	}
	switch event := event.(type) {
	case *stats.Begin:
		if c.series == nil {
			c.series = h.find(c.method, kindOf(event.IsClientStream, event.IsServerStream))
		}
		c.begun = true
		c.series.begin()
	case *stats.InPayload:
		c.traffic.receive(c.series, event.CompressedLength)
	case *stats.OutPayload:
		c.traffic.send(c.series, event.CompressedLength)
	case *stats.OutTrailer:
		c.answered.Store(true)
		if !c.begun {
			c.refuse(ctx)
		}
	case *stats.End:
		c.series.end(ctx, c.code(event.Error), event.EndTime.Sub(event.BeginTime), c.traffic.sent.Load(), c.traffic.received.Load())
	}
}

// refuse counts a call of a method that does not exist.
func (c *serverCall) refuse(ctx context.Context) {
	var took time.Duration
	if c.series == nil {
		c.series, took = c.metrics.other(), time.Since(c.arrived)
	}
	c.series.begin()
	c.series.end(ctx, codes.Unimplemented, took, 0, 0)
}

// code returns the status code of a call that has ended.
func (c *serverCall) code(err error) codes.Code {
	if err != nil || c.answered.Load() {
		return codeOf(err)
	}
	// The handler returned no error, but no status was sent: either the call had ended before, or the
	// handler panicked or called runtime.Goexit.
	if err := c.Err(); err != nil {
		return codeOf(err)
	}
	return codes.Unknown
}

// TagConn implements stats.Handler.
func (h serverHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (h serverHandler) HandleConn(context.Context, stats.ConnStats) {}
