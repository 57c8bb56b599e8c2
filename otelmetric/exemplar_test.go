package otelmetric_test

import (
	"context"
	"maps"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// startSpan starts a span of OpenTelemetry's SDK.
func startSpan(t *testing.T, sampler sdktrace.Sampler) context.Context {
	t.Helper()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))
	ctx, span := provider.Tracer("test").Start(t.Context(), "request")
	t.Cleanup(func() {
		span.End()
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ctx
}

func TestExemplar(t *testing.T) {
	sampled := startSpan(t, sdktrace.AlwaysSample())
	span := trace.SpanContextFromContext(sampled)
	want := metric.Labels{"trace_id": span.TraceID().String(), "span_id": span.SpanID().String()}
	if got := otelmetric.Exemplar(sampled); !maps.Equal(got, want) || len(want["trace_id"]) != 32 || len(want["span_id"]) != 16 {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, ctx := range map[string]context.Context{
		"no span":                  t.Context(),
		"not sampled":              startSpan(t, sdktrace.NeverSample()),
		"recorded but not sampled": startSpan(t, recordOnly{}),
		"without a trace": trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
			SpanID: span.SpanID(), TraceFlags: trace.FlagsSampled,
		})),
	} {
		if got := otelmetric.Exemplar(ctx); got != nil {
			t.Errorf("%s: got %v, want nil", name, got)
		}
	}
}

// recordOnly is a sampler that records spans in the process but does not sample them.
type recordOnly struct{}

func (recordOnly) Description() string { return "recordOnly" }
func (recordOnly) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
}

// TestExemplarOfInstruments checks the exemplars of observations under spans.
func TestExemplarOfInstruments(t *testing.T) {
	metric.SetExemplarFromContext(otelmetric.Exemplar)
	defer metric.SetExemplarFromContext(nil)
	registry := metric.NewContextRegistry()
	requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."})
	duration := metric.NewHistogram(metric.HistogramOpts{Name: "duration_seconds", Help: "Duration.", Buckets: []float64{1}})
	registry.MustRegister(requests, duration)
	adder, ok := requests.(metric.ContextAdder)
	observer, ok2 := duration.(metric.ContextObserver)
	if !ok || !ok2 {
		t.Fatalf("%T and %T take no context", requests, duration)
	}
	sampled := startSpan(t, sdktrace.AlwaysSample())
	adder.IncWithContext(sampled)
	observer.ObserveWithContext(sampled, 0.5)
	for _, ctx := range []context.Context{t.Context(), startSpan(t, sdktrace.NeverSample())} {
		adder.AddWithContext(ctx, 2)
		observer.ObserveWithContext(ctx, 0.7)
	}
	want := trace.SpanContextFromContext(sampled).TraceID().String()
	families, err := registry.Gather()
	if err != nil || len(families) != 2 {
		t.Fatalf("got %d families and error %v", len(families), err)
	}
	for _, f := range families {
		m := f.GetMetric()[0]
		exemplar := m.GetCounter().GetExemplar()
		if h := m.GetHistogram(); h != nil {
			exemplar = h.GetBucket()[0].GetExemplar()
		}
		trace := ""
		for _, l := range exemplar.GetLabel() {
			if l.GetName() == otelmetric.TraceIDLabel {
				trace = l.GetValue()
			}
		}
		if trace != want {
			t.Errorf("%s has the exemplar %v, want trace %s", f.GetName(), exemplar, want)
		}
	}
}
