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

// ServerOption returns the option that measures a server, with metrics that are registered
// with reg, or are made and registered if they are not. It panics if that fails. Use
// NewServerMetrics for options.
func ServerOption(reg metric.Registerer) grpc.ServerOption {
	m, err := NewServerMetrics(reg, Opts{})
	if err != nil {
		panic(err)
	}
	return m.ServerOption()
}

// ServerMetrics measures servers. It is safe for concurrent use.
type ServerMetrics struct {
	vectors *vectors
	limit   int

	methods     table[string, series] // By full name.
	guesses     atomic.Int64          // How many methods are, or tried to be, there on suspicion.
	initialized atomic.Bool
	other       func() *series
}

// NewServerMetrics returns metrics for servers. It takes those that are registered with reg, and
// makes and registers the others. It is an error if that fails, or if an option is
// wrong; it panics like metric.NewHistogram if buckets are.
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

// ServerOption returns the option that makes a server count with m. A server that gets it
// twice counts everything twice; several servers may share m.
func (m *ServerMetrics) ServerOption() grpc.ServerOption { return grpc.StatsHandler(serverHandler{m}) }

// InitializeMetrics makes the series of all methods that are registered with the server, so
// that they are there, at zero, before the first call: the classic counters for each
// status code, but OpenTelemetry's histograms only for OK. It is called after services
// have been registered, usually with a *grpc.Server.
//
// It also tells m which methods exist. From then on a bidirectional stream that is not among
// them is taken for the work of a grpc.UnknownServiceHandler. So call it for all servers that
// share m, or for none.
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

// find returns the series of a call that was dispatched to a handler, as the type says. An
// unknown method comes here with each call, if it has a handler, and so takes no lock.
func (m *ServerMetrics) find(method string, k kind) *series {
	admit := always // Only a registered method has another type than the unknown ones.
	if k == bidiStream {
		if m.initialized.Load() || len(method) > maxNameLength || m.guesses.Load() >= int64(m.limit) {
			return m.other()
		}
		admit = func() bool { return m.guesses.Add(1) <= int64(m.limit) }
	}
	method = strings.Clone(method)
	if s := m.methods.add(method, admit, func() *series { return m.vectors.of(identity{method: method, kind: k}) }); s != nil {
		return s
	}
	return m.other()
}

// serverHandler is the stats.Handler of ServerMetrics.
type serverHandler struct{ *ServerMetrics }

// serverCall is a call, and the context of all that gRPC does for it.
type serverCall struct {
	context.Context // The call's, as gRPC has made it.

	metrics *ServerMetrics
	method  string
	series  *series   // Nil until it is known whether the method exists.
	arrived time.Time // Only set if it is not known on arrival.
	traffic traffic

	begun    bool        // Whether there is a handler.
	answered atomic.Bool // Whether the status was sent.
}

// Value returns the call itself to the handler that has made it.
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
	// The handler was fine, but no status was sent: the call had ended before, or the handler has
	// left by a panic or runtime.Goexit.
	if err := c.Err(); err != nil {
		return codeOf(err)
	}
	return codes.Unknown
}

// TagConn implements stats.Handler.
func (h serverHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (h serverHandler) HandleConn(context.Context, stats.ConnStats) {}
