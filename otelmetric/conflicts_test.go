package otelmetric_test

import (
	"strings"
	"testing"

	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// TestConflicts checks instruments whose metrics have the same name. Each adds or records a different power
// of two.
func TestConflicts(t *testing.T) {
	for _, test := range []struct {
		name    string
		make    func(t *testing.T, r *scraped)
		want    []string
		help    string
		reports []string
	}{
		{
			"same instrument", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x").Add(t.Context(), 1)
				counter(r.Meter("a"), "x").Add(t.Context(), 2)
			}, []string{`x_total{otel_scope_name="a"} 3`}, "", nil,
		},
		{
			"case", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "requests").Add(t.Context(), 1)
				counter(r.Meter("a"), "Requests").Add(t.Context(), 2)
				counter(r.Meter("a"), "REQUESTS").Add(t.Context(), 4)
			}, []string{`requests_total{otel_scope_name="a"} 7`}, "", nil,
		},
		{
			"number kind", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x").Add(t.Context(), 1)
				must(r.Meter("a").Float64Counter("x")).Add(t.Context(), 2)
			}, []string{`x_total{otel_scope_name="a"} 3`}, "", nil,
		},
		{
			"help", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x", api.WithDescription("First.")).Add(t.Context(), 1)
				counter(r.Meter("a"), "x", api.WithDescription("Second.")).Add(t.Context(), 2)
				counter(r.Meter("b"), "x", api.WithDescription("Third.")).Add(t.Context(), 4)
			}, []string{`x_total{otel_scope_name="a"} 3`, `x_total{otel_scope_name="b"} 4`}, "# HELP x_total First.\n", nil,
		},
		{
			"unit", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x", api.WithUnit("s")).Add(t.Context(), 1)
				counter(r.Meter("a"), "x", api.WithUnit("By")).Add(t.Context(), 2)
			}, []string{`x_bytes_total{otel_scope_name="a"} 2`, `x_seconds_total{otel_scope_name="a"} 1`}, "", nil,
		},
		{
			"unit words of one name", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x_seconds").Add(t.Context(), 1)
				counter(r.Meter("b"), "x", api.WithUnit("s")).Add(t.Context(), 2)
			}, []string{`x_seconds_total{otel_scope_name="a"} 1`, `x_seconds_total{otel_scope_name="b"} 2`}, "", nil,
		},
		{
			"scope", func(t *testing.T, r *scraped) {
				counter(r.Meter("a"), "x").Add(t.Context(), 1)
				counter(r.Meter("b"), "x").Add(t.Context(), 2)
			}, []string{`x_total{otel_scope_name="a"} 1`, `x_total{otel_scope_name="b"} 2`}, "", nil,
		},
		{
			"type in one scope", func(t *testing.T, r *scraped) {
				must(r.Meter("a").Int64Gauge("x")).Record(t.Context(), 1)
				histogram(r.Meter("a"), "x").Record(t.Context(), 2)
			}, []string{`x{otel_scope_name="a"} 1`}, "",
			[]string{`instrument "x" of meter "a": the metric "x" has the type gauge already, in meter "a", and cannot be a histogram too`},
		},
		{
			"type in two scopes", func(t *testing.T, r *scraped) {
				must(r.Meter("a").Int64Gauge("x")).Record(t.Context(), 1)
				histogram(r.Meter("b"), "x").Record(t.Context(), 2)
				must(r.Meter("c").Int64Gauge("x")).Record(t.Context(), 4)
			}, []string{`x{otel_scope_name="a"} 1`, `x{otel_scope_name="c"} 4`}, "",
			[]string{`instrument "x" of meter "b": the metric "x" has the type gauge already, in meter "a", and cannot be a histogram too`},
		},
		{
			"type by a view", func(t *testing.T, r *scraped) {
				must(r.Meter("a").Int64Gauge("renamed")).Record(t.Context(), 1)
				histogram(r.Meter("a"), "rename.me").Record(t.Context(), 2)
			}, []string{`renamed{otel_scope_name="a"} 1`}, "", []string{`instrument "renamed" of meter "a": the metric "renamed" has the type gauge already`},
		},
		{
			"up-down counter and gauge of one scope", func(t *testing.T, r *scraped) {
				must(r.Meter("a").Int64UpDownCounter("x")).Add(t.Context(), 1)
				must(r.Meter("a").Int64Gauge("x")).Record(t.Context(), 2)
				must(r.Meter("a").Float64UpDownCounter("x")).Add(t.Context(), 4)
			}, []string{`x{otel_scope_name="a"} 5`}, "",
			[]string{`instrument "x" of meter "a": the metric "x" already belongs to an instrument of another kind`},
		},
		{
			"up-down counter and gauge of two scopes", func(t *testing.T, r *scraped) {
				must(r.Meter("a").Int64UpDownCounter("x")).Add(t.Context(), 1)
				must(r.Meter("b").Int64Gauge("x")).Record(t.Context(), 2)
			}, []string{`x{otel_scope_name="a"} 1`, `x{otel_scope_name="b"} 2`}, "", nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &scraped{registry: metric.NewContextRegistry()}
			r.MeterProvider = otelmetric.NewMeterProvider(r.registry, otelmetric.WithoutTargetInfo(), otelmetric.WithErrorHandler(r.report),
				otelmetric.WithView(viewOf("rename.me", sdk.Stream{Name: "renamed"})))
			test.make(t, r)
			r.wantSamples(t, test.want...)
			r.wantReports(t, test.reports...)
			if page := r.page(t, textFormat); !strings.Contains(page, test.help) || strings.Count(page, "# HELP") > len(test.want) {
				t.Errorf("want the help %q once in\n%s", test.help, page)
			}
		})
	}
}
