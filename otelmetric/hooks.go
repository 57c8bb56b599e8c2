package otelmetric

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
)

// tracerName is the name of the tracer.
const tracerName = "github.com/luxfi/metric/otelmetric"

// CollectorKey is the attribute of spans and events that names a collector.
const CollectorKey = attribute.Key("metric.collector")

// maxEvents limits the number of failures that become events of a scrape's span.
const maxEvents = 100

// Hooks returns hooks that make a span named "scrape" for each scrape and, within it, a span for each run
// of a collector. The name of such a span is "collect" followed by the collector's name. Collectors get the
// context with their span, so that their requests and queries join the trace. If the context of a scrape
// already has a span, for example from an instrumented HTTP server, that span becomes the parent of the
// scrape's span.
//
// A span has the status Error if something has failed. The span of a scrape has an event for each failure,
// even for the failure of a collector that was not run. If the registry leaves a collector behind at the
// deadline, the collector's span ends when its run returns, possibly long after the scrape's span. If
// several scrapes share a run, the run's span is part of only one of them.
//
// The hooks are safe for concurrent use, also by several registries.
func Hooks(provider trace.TracerProvider) metric.Hooks {
	tracer := provider.Tracer(tracerName)
	return metric.Hooks{
		ScrapeStart: func(ctx context.Context) context.Context {
			ctx, _ = tracer.Start(ctx, "scrape")
			return ctx
		},
		ScrapeEnd: func(ctx context.Context, end metric.ScrapeEnd) {
			endScrape(trace.SpanFromContext(ctx), end.Err)
		},
		CollectorStart: func(ctx context.Context, collector string) context.Context {
			ctx, _ = tracer.Start(ctx, "collect "+collector, trace.WithAttributes(CollectorKey.String(collector)))
			return ctx
		},
		CollectorEnd: func(ctx context.Context, _ string, end metric.CollectorEnd) {
			endRun(trace.SpanFromContext(ctx), end.Err)
		},
	}
}

func endScrape(span trace.Span, err error) {
	defer span.End()
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetStatus(codes.Error, "not everything was gathered")
	gathered, ok := errors.AsType[*metric.GatherError](err)
	if !ok {
		record(span, err)
		return
	}
	for i, failure := range gathered.Failures {
		if i == maxEvents {
			break
		}
		record(span, failure.Err, CollectorKey.String(failure.Collector))
	}
}

func endRun(span trace.Span, err error) {
	defer span.End()
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetStatus(codes.Error, err.Error())
	record(span, err)
}

// record adds an event for a failure. For a panic, the event includes the stack.
func record(span trace.Span, err error, attributes ...attribute.KeyValue) {
	if panicked, ok := errors.AsType[*metric.PanicError](err); ok {
		attributes = append(attributes, attribute.String("exception.stacktrace", string(panicked.Stack)))
	}
	span.RecordError(err, trace.WithAttributes(attributes...))
}
