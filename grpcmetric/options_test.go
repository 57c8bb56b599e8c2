package grpcmetric_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/grpcmetric"
)

func TestErrors(t *testing.T) {
	conflict := metric.NewContextRegistry()
	conflict.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "grpc_server_call_duration_seconds", Help: "Another one."}))
	conflict.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "grpc_client_attempt_duration_seconds", Help: "Another one."}))
	foreign := metric.NewContextRegistry()
	foreign.MustRegister(prometheus.NewCounterVec(prometheus.CounterOpts{Name: "grpc_server_started_total", Help: "Total number of RPCs started on the server."},
		[]string{"grpc_type", "grpc_service", "grpc_method"}))
	for name, test := range map[string]struct {
		reg  metric.Registerer
		opts grpcmetric.Opts
		want string
	}{
		"no registerer":   {nil, grpcmetric.Opts{}, "registerer is nil"},
		"names":           {metric.NewContextRegistry(), grpcmetric.Opts{Names: 2}, "unknown names 2"},
		"methods":         {metric.NewContextRegistry(), grpcmetric.Opts{MaxMethods: -1}, "MaxMethods is -1"},
		"conflict":        {conflict, grpcmetric.Opts{}, "registering a vector failed"},
		"constant labels": {metric.NewContextRegistry(), grpcmetric.Opts{ConstLabels: metric.Labels{"grpc_type": "x"}}, "registering a vector failed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := grpcmetric.NewServerMetrics(test.reg, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("server: got %v, want %q", err, test.want)
			}
			if _, err := grpcmetric.NewClientMetrics(test.reg, test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("client: got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("metrics of another library", func(t *testing.T) {
		_, err := grpcmetric.NewServerMetrics(foreign, grpcmetric.Opts{Names: grpcmetric.ClassicNames})
		if err == nil || !strings.Contains(err.Error(), "*prometheus.CounterVec") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("all or nothing", func(t *testing.T) {
		families, err := conflict.Gather()
		ok(t, err)
		if len(families) != 2 {
			t.Errorf("%d families", len(families))
		}
		started := metric.NewGauge(metric.GaugeOpts{Name: "grpc_server_call_started_total", Help: "Free."})
		ok(t, conflict.Register(started))
	})
	t.Run("panics", func(t *testing.T) {
		for name, f := range map[string]func(){
			"server": func() { grpcmetric.ServerOption(conflict) },
			"client": func() { grpcmetric.DialOptions(conflict) },
		} {
			func() {
				defer func() {
					if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "registering a vector failed") {
						t.Errorf("%s: recovered %v", name, err)
					}
				}()
				f()
			}()
		}
	})
}

// TestReuse checks that registered metrics are reused, in any registry and under any prefix.
func TestReuse(t *testing.T) {
	ours, theirs := metric.NewContextRegistry(), prometheus.NewRegistry()
	for name, test := range map[string]struct {
		reg    metric.Registerer
		g      metric.Gatherer
		prefix string
	}{
		"ours":          {ours, ours, ""},
		"client_golang": {theirs, theirs, ""},
		"prefix":        {metric.WrapRegistererWithPrefix("app_", ours), ours, "app_"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				client := start(t, echo(), []grpc.ServerOption{grpcmetric.ServerOption(test.reg)}, grpcmetric.DialOptions(test.reg)...)
				_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
				ok(t, err)
			}
			want(t, test.g, map[string]float64{
				test.prefix + ended("UnaryCall", "unary", "OK"):                                  2,
				test.prefix + clientEnded("call", "UnaryCall", "unary", "OK"):                    2,
				test.prefix + otel("grpc_server_call_rcvd_messages_total", "UnaryCall", "unary"): 2,
			})
		})
	}
}

func TestOpts(t *testing.T) {
	call := func(t *testing.T, opts grpcmetric.Opts) map[string]*metric.MetricFamily {
		t.Helper()
		reg := metric.NewContextRegistry()
		m, err := grpcmetric.NewClientMetrics(reg, opts)
		ok(t, err)
		client := start(t, echo(), nil, m.DialOptions()...)
		_, err = client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
		ok(t, err)
		families, err := reg.Gather()
		ok(t, err)
		byName := make(map[string]*metric.MetricFamily)
		for _, f := range families {
			byName[f.GetName()] = f
		}
		return byName
	}
	const duration, size = "grpc_client_call_duration_seconds", "grpc_client_attempt_sent_total_compressed_message_size_bytes"
	for name, test := range map[string]struct {
		opts            grpcmetric.Opts
		duration, sizes int // number of classic buckets, or −1 if the family does not exist
		native          bool
	}{
		"default":           {grpcmetric.Opts{}, len(metric.DefBuckets), 13, false},
		"buckets":           {grpcmetric.Opts{Buckets: []float64{1}, SizeBuckets: []float64{1, 2}}, 1, 2, false},
		"native":            {grpcmetric.Opts{NativeBucketFactor: 1.1}, 0, 0, true},
		"native and others": {grpcmetric.Opts{NativeBucketFactor: 1.1, Buckets: []float64{1, 2, 3}}, 3, 0, true},
		"no sizes":          {grpcmetric.Opts{NoSizes: true}, len(metric.DefBuckets), -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.opts.ConstLabels = metric.Labels{"app": "shop"}
			families := call(t, test.opts)
			for name, want := range map[string]int{duration: test.duration, size: test.sizes} {
				f := families[name]
				if (f == nil) != (want < 0) {
					t.Errorf("%s is there: %v", name, f != nil)
				}
				if f == nil {
					continue
				}
				h := f.GetMetric()[0].GetHistogram()
				buckets := h.GetBucket()
				if n := len(buckets); n > 0 && buckets[n-1].GetUpperBound() > 1e300 {
					buckets = buckets[:n-1]
				}
				if len(buckets) != want || (h.Schema != nil) != test.native {
					t.Errorf("%s has %d buckets, want %d; native: %v", name, len(buckets), want, h.Schema != nil)
				}
				if l := f.GetMetric()[0].GetLabel()[0]; l.GetName() != "app" || l.GetValue() != "shop" {
					t.Errorf("%s has %v instead of a constant label", name, l)
				}
			}
		})
	}
}

type traceKey struct{}

func TestExemplars(t *testing.T) {
	metric.SetExemplarFromContext(func(ctx context.Context) metric.Labels {
		if id, ok := ctx.Value(traceKey{}).(string); ok {
			return metric.Labels{"trace_id": id}
		}
		return nil
	})
	defer metric.SetExemplarFromContext(nil)
	for _, on := range []bool{true, false} {
		reg := metric.NewContextRegistry()
		opts := grpcmetric.Opts{Names: grpcmetric.ClassicNames, Exemplars: on}
		clientMetrics, err := grpcmetric.NewClientMetrics(reg, opts)
		ok(t, err)
		serverMetrics, err := grpcmetric.NewServerMetrics(reg, opts)
		ok(t, err)
		client := start(t, echo(), []grpc.ServerOption{
			grpc.StatsHandler(tagger{}), // like a tracing library
			serverMetrics.ServerOption(),
		}, clientMetrics.DialOptions()...)
		_, err = client.UnaryCall(context.WithValue(t.Context(), traceKey{}, "of-client"), &testpb.SimpleRequest{})
		ok(t, err)
		noneInFlight(t, reg)
		request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
		w := httptest.NewRecorder()
		metric.HandlerFor(reg).ServeHTTP(w, request)
		for _, want := range []string{"client_handled_total", "client_handling_seconds_bucket", "server_handled_total", "server_handling_seconds_bucket"} {
			side, _, _ := strings.Cut(want, "_")
			found := false
			for line := range strings.Lines(w.Body.String()) {
				found = found || strings.HasPrefix(line, "grpc_"+want) && strings.Contains(line, `trace_id="of-`+side+`"`)
			}
			if found != on {
				t.Errorf("exemplars of %s: %v, want %v", want, found, on)
			}
		}
	}
}

func TestTwoHandlers(t *testing.T) {
	one, two := metric.NewContextRegistry(), metric.NewContextRegistry()
	client := start(t, echo(), []grpc.ServerOption{grpcmetric.ServerOption(one), grpcmetric.ServerOption(two)},
		append(grpcmetric.DialOptions(one), grpcmetric.DialOptions(two)...)...)
	callAll(t, client)
	for _, reg := range []*metric.ContextRegistry{one, two} {
		want(t, reg, map[string]float64{
			ended("UnaryCall", "unary", "OK"): 1,
			otel("grpc_server_call_sent_messages_total", "StreamingOutputCall", "server_stream"):    3,
			clientEnded("attempt", "UnaryCall", "unary", "OK"):                                      1,
			otel("grpc_client_attempt_rcvd_messages_total", "StreamingOutputCall", "server_stream"): 3,
		})
		noneInFlight(t, reg)
	}
}
