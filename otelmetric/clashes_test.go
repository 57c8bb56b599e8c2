package otelmetric_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// TestAttributesThatClash checks that attributes are exposed even if the library uses their labels itself,
// beside series without such attributes.
func TestAttributesThatClash(t *testing.T) {
	reg := metric.NewContextRegistry()
	p := otelmetric.NewMeterProvider(reg, otelmetric.WithoutTargetInfo(), otelmetric.WithErrorHandler(func(err error) { t.Error(err) }))
	m := p.Meter("net")
	calls, err := m.Int64Counter("calls")
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := m.Int64Histogram("sizes", api.WithExplicitBucketBoundaries(1))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	calls.Add(ctx, 1)
	calls.Add(ctx, 2, api.WithAttributes(attribute.String("otel.scope.name", "a"), attribute.Int("code", 200)))
	calls.Add(ctx, 3, api.WithAttributes(attribute.String("otel_scope_name", "a"), attribute.Int("code", 200)))
	sizes.Record(ctx, 1, api.WithAttributes(attribute.Int("le", 5)))

	const want = `# HELP calls_total 
# TYPE calls_total counter
calls_total{otel_scope_name="net"} 1
calls_total{code="200",otel_scope_name="a;net"} 2
calls_total{code="200",otel_scope_name="net;a"} 3
# HELP sizes 
# TYPE sizes histogram
sizes_bucket{exported_le="5",otel_scope_name="net",le="1"} 1
sizes_bucket{exported_le="5",otel_scope_name="net",le="+Inf"} 1
sizes_sum{exported_le="5",otel_scope_name="net"} 1
sizes_count{exported_le="5",otel_scope_name="net"} 1
`
	response := httptest.NewRecorder()
	metric.HandlerFor(reg).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if got := response.Body.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
