package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/testutil"
)

// Values of the header Accept.
const (
	acceptText        = "text/plain; version=0.0.4"
	acceptOpenMetrics = "application/openmetrics-text; version=1.0.0"
	acceptProtobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

// Scopes of the instrumentation libraries.
const (
	scopeHTTP    = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	scopeGRPC    = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	scopeRuntime = "go.opentelemetry.io/contrib/instrumentation/runtime"
	scopeShop    = "example.com/shop"
)

// orders are the orders of the tests. Unicorns are never in stock.
var orders = []order{
	{"apples", 1, "ann"}, {"apples", 3, "bob"}, {"apples", 7, "ann"}, {"pears", 30, "cid"}, {"unicorns", 1, "dora"}, {"unicorns", 2, "dora"},
}

// wanted is a series that an exposition must contain.
type wanted struct {
	name   string
	kind   dto.MetricType
	unit   string
	scope  string
	labels labels
	value  float64 // count of a histogram; 0 if unknown
}

// wantedOf returns the series that result from the orders.
func wantedOf() []wanted {
	const counter, gauge, histogram = dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_HISTOGRAM
	accepted := labels{
		"http_request_method": "POST", "http_response_status_code": "201", "http_route": "/orders/{goods}",
		"network_protocol_version": "1.1", "server_address": "127.0.0.1", "url_scheme": "http",
	}
	refused := maps.Clone(accepted)
	refused["http_response_status_code"] = "409"
	check := labels{"rpc_method": "grpc.health.v1.Health/Check", "rpc_system_name": "grpc"}
	return []wanted{
		{"http_server_request_duration_seconds", histogram, "seconds", scopeHTTP, accepted, 4},
		{"http_server_request_duration_seconds", histogram, "seconds", scopeHTTP, refused, 2},
		{"http_client_request_duration_seconds", histogram, "seconds", scopeHTTP, labels{"http_response_status_code": "201"}, 4},
		{"rpc_server_call_duration_seconds", histogram, "seconds", scopeGRPC, with(check, "rpc_response_status_code", "OK"), 4},
		{"rpc_server_call_duration_seconds", histogram, "seconds", scopeGRPC, with(check, "rpc_response_status_code", "NOT_FOUND"), 2},
		{"rpc_client_call_duration_seconds", histogram, "seconds", scopeGRPC, with(check, "error_type", "NOT_FOUND"), 2},
		{"shop_orders_total", counter, "", scopeShop, labels{"shop_goods": "apples", "shop_accepted": "true"}, 3},
		{"shop_orders_total", counter, "", scopeShop, labels{"shop_goods": "unicorns", "shop_accepted": "false"}, 2},
		{"shop_order_pieces", histogram, "", scopeShop, labels{"shop_goods": "apples"}, 3},
		{"go_goroutine_count", gauge, "", scopeRuntime, nil, 0},
		{"go_memory_used_bytes", gauge, "bytes", scopeRuntime, labels{"go_memory_type": "stack"}, 0},
		{"go_memory_allocated_bytes_total", counter, "bytes", scopeRuntime, nil, 0},
		{"go_memory_allocations_total", counter, "", scopeRuntime, nil, 0},
		{"go_config_gogc_percent", gauge, "percent", scopeRuntime, nil, 0},
		{"target_info", gauge, "", "", labels{"service_name": "shop", "service_version": "1.0"}, 1},
	}
}

// with returns a copy of l with one more label.
func with(l labels, name, value string) labels {
	l = maps.Clone(l)
	l[name] = value
	return l
}

// TestScrape checks the metrics of some orders in all formats.
func TestScrape(t *testing.T) {
	s, all, spans := open(t)
	for _, o := range orders {
		if err := s.order(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the gRPC server, which measures after its response", func() bool {
		return sumOf(t, all.registry, "rpc_server_call_duration_seconds") == float64(len(orders))
	})
	// Spans may end after the requests that they measure, so Started lists more of them than Ended.
	traces := make(map[string]bool)
	for _, span := range spans.Started() {
		traces[span.SpanContext().TraceID().String()] = true
	}
	t.Run("text", func(t *testing.T) {
		body, format := scrape(t, s, acceptText)
		testFamilies(t, parse(t, body, format), wantedOf(), false)
	})
	t.Run("protobuf", func(t *testing.T) {
		body, format := scrape(t, s, acceptProtobuf)
		families := parse(t, body, format)
		testFamilies(t, families, wantedOf(), true)
		testExemplars(t, families, traces)
		testViews(t, families)
	})
	t.Run("openmetrics", func(t *testing.T) {
		body, format := scrape(t, s, acceptOpenMetrics)
		if format.FormatType() != expfmt.TypeOpenMetrics {
			t.Errorf("the format is %q", format)
		}
		testOpenMetrics(t, body, wantedOf(), traces)
	})
	t.Run("lint", func(t *testing.T) { testLint(t, all.registry) })
	t.Run("whole", func(t *testing.T) {
		if _, err := all.registry.GatherWithContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("shutdown", func(t *testing.T) { testShutdown(t, s, all) })
}

// sumOf returns the sum of a family's values.
func sumOf(t *testing.T, registry *metric.ContextRegistry, name string) (sum float64) {
	t.Helper()
	families, err := registry.GatherWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += valueOf(m)
			}
		}
	}
	return sum
}

// testFamilies checks the series. Only protobuf has units separate from the names.
func testFamilies(t *testing.T, families map[string]*dto.MetricFamily, want []wanted, units bool) {
	t.Helper()
	for _, w := range want {
		f := families[w.name]
		if f == nil {
			t.Fatalf("there is no %s, but %v", w.name, slices.Sorted(maps.Keys(families)))
		}
		m := only(t, f, w.labels)
		if f.GetType() != w.kind || units && f.GetUnit() != w.unit {
			t.Errorf("%s is a %s with the unit %q, want a %s with %q", w.name, f.GetType(), f.GetUnit(), w.kind, w.unit)
		}
		if got := labelsOf(m)["otel_scope_name"]; got != w.scope {
			t.Errorf("%s has the scope %q, want %q", w.name, got, w.scope)
		}
		if got := labelsOf(m)["otel_scope_version"]; (got == "") != (w.scope == "") {
			t.Errorf("%s has the scope version %q", w.name, got)
		}
		if got := valueOf(m); got != w.value && (w.value != 0 || got <= 0) {
			t.Errorf("%s%v is %v, want %v", w.name, w.labels, got, w.value)
		}
	}
}

// testExemplars checks that all measurements with a context have exemplars that lead to a trace.
func testExemplars(t *testing.T, families map[string]*dto.MetricFamily, traces map[string]bool) {
	t.Helper()
	for _, name := range []string{
		"http_server_request_duration_seconds", "http_client_request_duration_seconds", "rpc_server_call_duration_seconds",
		"rpc_client_call_duration_seconds", "shop_orders_total", "shop_order_pieces",
	} {
		for _, m := range families[name].GetMetric() {
			exemplars := exemplarsOf(m)
			if len(exemplars) == 0 {
				t.Errorf("%s has no exemplar: %v", name, m)
			}
			for _, e := range exemplars {
				l := labelsOf(&dto.Metric{Label: e.GetLabel()})
				if !traces[l["trace_id"]] || len(l["span_id"]) != 16 {
					t.Errorf("%s has an exemplar of no trace: %v", name, e)
				}
			}
		}
	}
}

// testViews checks the effects of the views.
func testViews(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	apples := only(t, families["shop_orders_total"], labels{"shop_goods": "apples"})
	if customer, ok := labelsOf(apples)["shop_customer"]; ok {
		t.Errorf("the customer %s is a label", customer)
	}
	l := labelsOf(&dto.Metric{Label: apples.GetCounter().GetExemplar().GetLabel()})
	if l["shop_customer"] != "ann" {
		t.Errorf("the exemplar has the customer %q, want ann: %v", l["shop_customer"], l)
	}
	buckets := only(t, families["shop_order_pieces"], labels{"shop_goods": "apples"}).GetHistogram().GetBucket()
	bounds := make([]float64, 0, len(buckets))
	for _, b := range buckets {
		bounds = append(bounds, b.GetUpperBound())
	}
	if !slices.Equal(bounds[:5], []float64{1, 2, 5, 10, 20}) {
		t.Errorf("the buckets have the bounds %v", bounds)
	}
	native := only(t, families["http_client_request_duration_seconds"], labels{"http_response_status_code": "201"}).GetHistogram()
	if len(native.GetPositiveSpan()) == 0 || len(native.GetBucket()) > 1 { // A single bucket up to +Inf is allowed.
		t.Errorf("the client's durations are not in a native histogram: %v", native)
	}
	for name := range families {
		if strings.Contains(name, "body_size") {
			t.Errorf("%s has not been dropped", name)
		}
	}
}

// testOpenMetrics checks the lines of the OpenMetrics format.
func testOpenMetrics(t *testing.T, body string, want []wanted, traces map[string]bool) {
	t.Helper()
	if !strings.HasSuffix(body, "\n# EOF\n") {
		t.Error("the end is missing")
	}
	for _, w := range want {
		name, kind := strings.TrimSuffix(w.name, "_total"), strings.ToLower(w.kind.String())
		if w.name == "target_info" {
			name, kind = "target", "info"
		}
		lines := []string{"# TYPE " + name + " " + kind + "\n"}
		if w.unit != "" {
			lines = append(lines, "# UNIT "+name+" "+w.unit+"\n")
		}
		for _, line := range lines {
			if !strings.Contains(body, line) {
				t.Errorf("the exposition lacks %q", line)
			}
		}
	}
	exemplars := 0
	for line := range strings.Lines(body) {
		if _, after, ok := strings.Cut(line, `trace_id="`); ok {
			exemplars++
			if id, _, _ := strings.Cut(after, `"`); !traces[id] {
				t.Errorf("the exemplar is of no trace: %s", line)
			}
		}
	}
	if exemplars < 10 {
		t.Errorf("there are %d exemplars", exemplars)
	}
}

// testLint checks the names against Prometheus's conventions. Some of OpenTelemetry's conventions differ
// from these.
func testLint(t *testing.T, g metric.Gatherer) {
	t.Helper()
	problems, err := testutil.GatherAndLint(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Metric != "go_goroutine_count" { // The suffix "count" is for histograms.
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// testShutdown shuts everything down and sends one more order.
func testShutdown(t *testing.T, s *shop, all *telemetry) {
	t.Helper()
	if err := all.shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.order(t.Context(), orders[0]); err != nil {
		t.Error(err)
	}
	if body, _ := scrape(t, s, acceptText); body != "" {
		t.Errorf("after the shutdown, there is\n%s", body)
	}
}
