package otelmetric_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric/otelmetric"
)

const (
	traceID = "0102030405060708090a0b0c0d0e0f10"
	spanID  = "a1a2a3a4a5a6a7a8"
)

// inSpan returns a context with a span that has the given flags.
func inSpan(ctx context.Context, flags trace.TraceFlags) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: must(trace.TraceIDFromHex(traceID)), SpanID: must(trace.SpanIDFromHex(spanID)), TraceFlags: flags,
	}))
}

// labelsIn returns the labels of an exemplar as text, in their order, or "none" if the exemplar is nil.
func labelsIn(e *dto.Exemplar) string {
	if e == nil {
		return "none"
	}
	var labels []string
	for _, l := range e.GetLabel() {
		labels = append(labels, l.GetName()+"="+l.GetValue())
	}
	return strings.Join(labels, " ")
}

const spanLabels = "span_id=" + spanID + " trace_id=" + traceID

// TestExemplarFilters checks which measurements become exemplars.
func TestExemplarFilters(t *testing.T) {
	on, off, based := exemplar.AlwaysOnFilter, exemplar.AlwaysOffFilter, exemplar.TraceBasedFilter
	for _, test := range []struct {
		name                       string
		variable                   string
		filter                     exemplar.Filter
		sampled, unsampled, noSpan string
		report                     string
	}{
		{"default", "", nil, spanLabels, "none", "none", ""},
		{"always on", "", on, spanLabels, spanLabels, "", ""},
		{"always off", "", off, "none", "none", "none", ""},
		{"trace based", "", based, spanLabels, "none", "none", ""},
		{"environment always on", " Always_On ", nil, spanLabels, spanLabels, "", ""},
		{"environment always off", "always_off", nil, "none", "none", "none", ""},
		{"environment trace based", "TRACE_BASED", nil, spanLabels, "none", "none", ""},
		{"environment under an option", "always_off", on, spanLabels, spanLabels, "", ""},
		{"environment unknown", "sometimes", nil, spanLabels, "none", "none", `OTEL_METRICS_EXEMPLAR_FILTER is ignored: it is "sometimes"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("OTEL_METRICS_EXEMPLAR_FILTER", test.variable)
			var options []otelmetric.Option
			if test.filter != nil {
				options = append(options, otelmetric.WithExemplarFilter(test.filter))
			}
			r := newScraped(options...)
			contexts := []context.Context{inSpan(t.Context(), trace.FlagsSampled), inSpan(t.Context(), 0), t.Context()}
			for i, want := range []string{test.sampled, test.unsampled, test.noSpan} {
				name := fmt.Sprintf("c%d_total", i)
				counter(r.Meter(""), name).Add(contexts[i], 2)
				if got := labelsIn(r.family(t, name).GetMetric()[0].GetCounter().GetExemplar()); got != want {
					t.Errorf("%s: got the exemplar %q, want %q", name, got, want)
				}
			}
			if test.report != "" {
				r.wantReports(t, test.report)
			} else {
				r.wantReports(t)
			}
		})
	}
}

// TestExemplarFilterOfNil checks that a nil filter means the default filter.
func TestExemplarFilterOfNil(t *testing.T) {
	r := newScraped(otelmetric.WithExemplarFilter(nil))
	counter(r.Meter(""), "c").Add(inSpan(t.Context(), trace.FlagsSampled), 1)
	if got := labelsIn(r.family(t, "c_total").GetMetric()[0].GetCounter().GetExemplar()); got != spanLabels {
		t.Errorf("got the exemplar %q, want %q", got, spanLabels)
	}
}

// TestExemplarLabels checks the labels of exemplars while a view leaves out all attributes except "kept".
func TestExemplarLabels(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, test := range []struct {
		name            string
		attributes      []attribute.KeyValue
		want            string // labels before the labels of the span
		wantWithoutSpan string // labels without a span
	}{
		{"none", nil, "", ""},
		{"kept", []attribute.KeyValue{attribute.String("kept", "x")}, "", ""},
		{"types", []attribute.KeyValue{
			attribute.String("a", "text"), attribute.Int("b", 7), attribute.Bool("c", true), attribute.StringSlice("d", []string{"x", "y"}),
		}, `a=text b=7 c=true d=["x","y"]`, `a=text b=7 c=true d=["x","y"]`},
		{"escaped name", []attribute.KeyValue{attribute.String("http.route", "/")}, "http_route=/", "http_route=/"},
		{"quotes and newlines", []attribute.KeyValue{attribute.String("a", "\"\\\n")}, "a=\"\\\n", "a=\"\\\n"},
		{"same name", []attribute.KeyValue{attribute.String("a.b", "1"), attribute.String("a/b", "2")}, "a_b=1", "a_b=1"},
		{"names of the span", []attribute.KeyValue{attribute.String("span_id", "s"), attribute.String("trace_id", "t")}, "", "span_id=s trace_id=t"},
		{"invalid UTF-8", []attribute.KeyValue{attribute.String("a", "x\xff")}, "a=x\uFFFD", "a=x\uFFFD"},
		{"empty value", []attribute.KeyValue{attribute.String("a", "")}, "", ""},
		{"empty key", []attribute.KeyValue{attribute.String("", "x")}, "_=x", "_=x"},
		{"reserved name", []attribute.KeyValue{attribute.String("__name__", "x")}, "_name_=x", "_name_=x"},
		{"all room", []attribute.KeyValue{attribute.String("a", long(64))}, "a=" + long(64), "a=" + long(64)},
		{"too long beside the span", []attribute.KeyValue{attribute.String("a", long(65))}, "", "a=" + long(65)},
		{"too long", []attribute.KeyValue{attribute.String("a", long(128))}, "", ""},
		{"room for the first and the last", []attribute.KeyValue{
			attribute.String("a", long(60)), attribute.String("b", long(68)), attribute.String("c", "x"),
		}, "a=" + long(60) + " c=x", "a=" + long(60) + " c=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newScraped(
				otelmetric.WithExemplarFilter(exemplar.AlwaysOnFilter),
				otelmetric.WithView(viewOf("*", sdk.Stream{AttributeFilter: attribute.NewAllowKeysFilter("kept")})),
			)
			c := counter(r.Meter(""), "c")
			for _, with := range []struct {
				ctx  context.Context
				want string
			}{{inSpan(t.Context(), 0), strings.TrimSpace(test.want + " " + spanLabels)}, {t.Context(), test.wantWithoutSpan}} {
				c.Add(with.ctx, 1, api.WithAttributes(test.attributes...))
				got := r.family(t, "c_total").GetMetric()[0].GetCounter().GetExemplar()
				if labelsIn(got) != with.want {
					t.Errorf("got the labels %q, want %q", labelsIn(got), with.want)
				}
				runes := 0
				for _, l := range got.GetLabel() {
					runes += utf8.RuneCountInString(l.GetName()) + utf8.RuneCountInString(l.GetValue())
				}
				if runes > 128 || got.GetValue() != 1 {
					t.Errorf("got an exemplar of %d runes of the value %v, want at most 128 of 1", runes, got.GetValue())
				}
			}
			r.wantReports(t)
		})
	}
}

// TestExemplarsOfSeries checks that counters and all buckets of histograms have exemplars, with the values
// and times of the measurements.
func TestExemplarsOfSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newScraped(otelmetric.WithView(viewOf("native", sdk.Stream{
			Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8},
		})))
		meter, ctx := r.Meter(""), inSpan(t.Context(), trace.FlagsSampled)
		start := time.Now()
		c, classic, native := counter(meter, "c"), histogram(meter, "classic", api.WithExplicitBucketBoundaries(1, 2)), histogram(meter, "native")
		values := []float64{0.5, 1.5, 2.5}
		for _, v := range values {
			time.Sleep(time.Second)
			c.Add(ctx, int64(v))
			classic.Record(ctx, v)
			native.Record(ctx, v)
		}
		check := func(what string, e *dto.Exemplar, value float64, after time.Duration) {
			t.Helper()
			if labelsIn(e) != spanLabels || e.GetValue() != value || !e.GetTimestamp().AsTime().Equal(start.Add(after)) {
				t.Errorf("%s: got the exemplar %v, want one of %v at %v", what, e, value, start.Add(after))
			}
		}
		check("counter", r.family(t, "c_total").GetMetric()[0].GetCounter().GetExemplar(), 2, 3*time.Second)
		buckets := r.family(t, "classic").GetMetric()[0].GetHistogram().GetBucket()
		natives := r.family(t, "native").GetMetric()[0].GetHistogram().GetExemplars()
		if len(buckets) != 3 || len(natives) != 3 {
			t.Fatalf("got %d buckets and %d exemplars, want 3 of both", len(buckets), len(natives))
		}
		for i, v := range values {
			check(fmt.Sprintf("bucket %d", i), buckets[i].GetExemplar(), v, time.Duration(i+1)*time.Second)
			check(fmt.Sprintf("native %d", i), natives[i], v, time.Duration(i+1)*time.Second)
		}
		if page := r.page(t, textFormat); strings.Contains(page, "trace_id") {
			t.Errorf("the text format cannot have exemplars:\n%s", page)
		}
		const labels = ` # {span_id="` + spanID + `",trace_id="` + traceID + `"} `
		at := func(seconds int64) string { return strconv.FormatFloat(float64(start.Unix()+seconds), 'g', -1, 64) }
		page := r.page(t, openMetricsFormat)
		for _, line := range []string{
			"c_total 3.0" + labels + "2.0 " + at(3),
			`classic_bucket{le="1.0"} 1` + labels + "0.5 " + at(1),
			`classic_bucket{le="2.0"} 2` + labels + "1.5 " + at(2),
			`classic_bucket{le="+Inf"} 3` + labels + "2.5 " + at(3),
			`native_bucket{le="+Inf"} 3` + labels + "2.5 " + at(3),
		} {
			if !strings.Contains(page, line+"\n") {
				t.Errorf("want the line %q in\n%s", line, page)
			}
		}
	})
}

// TestExemplarsOfGauges checks that gauges have no exemplars, because the formats do not allow them.
func TestExemplarsOfGauges(t *testing.T) {
	r := newScraped()
	ctx := inSpan(t.Context(), trace.FlagsSampled)
	must(r.Meter("").Float64Gauge("g")).Record(ctx, math.Pi)
	must(r.Meter("").Int64UpDownCounter("u")).Add(ctx, 3)
	if page := r.page(t, openMetricsFormat); strings.Contains(page, traceID) {
		t.Errorf("got exemplars of gauges:\n%s", page)
	}
}

// TestExemplarAllocations checks that a measurement with an exemplar takes a single allocation, and a few
// more if a view leaves out an attribute.
func TestExemplarAllocations(t *testing.T) {
	if raceEnabled {
		t.Log("the race detector allocates, too")
		return
	}
	r := newScraped(otelmetric.WithView(viewOf("filtered", sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter("user")})))
	ctx := inSpan(context.Background(), trace.FlagsSampled)
	set := api.WithAttributeSet(attribute.NewSet(attribute.String("user", "someone"), attribute.Int("size", 3)))
	options := []api.AddOption{set}
	for name, want := range map[string]float64{"plain": 1, "filtered": 4} {
		c := counter(r.Meter(""), name)
		for range 200 {
			c.Add(ctx, 1, options...)
		}
		if got := testing.AllocsPerRun(100, func() { c.Add(ctx, 1, options...) }); got > want {
			t.Errorf("%s: got %v allocations, want at most %v", name, got, want)
		}
	}
}

// BenchmarkExemplar compares measurements in a sampled span with this package and with OpenTelemetry's
// SDK.
func BenchmarkExemplar(b *testing.B) {
	view := viewOf("filtered", sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter("user")})
	providers := map[string]api.MeterProvider{
		"ours": newScraped(otelmetric.WithView(view)),
		"sdk":  sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()), sdk.WithView(view)),
	}
	ctx := inSpan(b.Context(), trace.FlagsSampled)
	set := api.WithAttributeSet(attribute.NewSet(attribute.String("user", "someone"), attribute.Int("size", 3)))
	for name, provider := range providers {
		for _, instrument := range []string{"plain", "filtered"} {
			c, h := counter(provider.Meter(""), instrument), histogram(provider.Meter(""), instrument)
			add, record := []api.AddOption{set}, []api.RecordOption{set}
			b.Run("counter/"+instrument+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.Add(ctx, 1, add...)
				}
			})
			b.Run("histogram/"+instrument+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.Record(ctx, 1, record...)
				}
			})
		}
	}
}
