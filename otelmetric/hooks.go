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

// maxEvents bounds how many failures become events of a scrape's span.
const maxEvents = 100

// Hooks returns hooks that make a span of each scrape, named "scrape", and in it one of
// each run of a collector, named "collect" and the collector's name. Collectors get the
// context with their span, so that what they call joins the trace. If the context of a
// scrape has a span already, as that of a request whose server is instrumented, it is the
// parent of all.
//
// A span has the status Error if something has failed. That of a scrape has an event for
// each failure, also of collectors that were not run. The span of a collector that is
// left behind at the deadline ends when its run returns, which may be long after that of
// its scrape. If several scrapes share a run, its span is in one of them.
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

// record makes an event of a failure. For a panic, that has the stack.
func record(span trace.Span, err error, attributes ...attribute.KeyValue) {
	if panicked, ok := errors.AsType[*metric.PanicError](err); ok {
		attributes = append(attributes, attribute.String("exception.stacktrace", string(panicked.Stack)))
	}
	span.RecordError(err, trace.WithAttributes(attributes...))
}
