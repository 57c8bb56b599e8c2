package otelmetric

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
)

// TraceIDLabel and SpanIDLabel are the labels of exemplars, with OpenTelemetry's names for Prometheus:
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exemplars
const (
	TraceIDLabel = "trace_id"
	SpanIDLabel  = "span_id"
)

// Exemplar returns exemplar labels with the IDs of the trace and the span of ctx. If ctx has no span, or a
// span that is not sampled, it returns nil, so that there is no exemplar: the exemplar would lead to a trace
// that was not kept.
//
// Exemplar is meant for [metric.SetExemplarFromContext]. It is safe for concurrent use.
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
