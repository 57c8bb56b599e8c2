package otelmetric

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
)

// TraceIDLabel and SpanIDLabel are the labels of an exemplar, as OpenTelemetry names them for Prometheus:
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exemplars
const (
	TraceIDLabel = "trace_id"
	SpanIDLabel  = "span_id"
)

// Exemplar returns the IDs of the trace and the span of ctx as the labels of an exemplar. It returns nil,
// which is no exemplar, if ctx has no span or the span is not sampled: its exemplar would lead to a trace
// that was not kept.
//
// It is meant for [metric.SetExemplarFromContext], and is safe for concurrent use.
func Exemplar(ctx context.Context) metric.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() || !span.IsValid() {
		return nil
	}
	return metric.Labels{
		TraceIDLabel: span.TraceID().String(),
		SpanIDLabel:  span.SpanID().String(),
	}
}
