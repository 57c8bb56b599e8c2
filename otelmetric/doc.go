// Package otelmetric connects OpenTelemetry with package metric.
//
// # Metrics
//
// [NewMeterProvider] implements OpenTelemetry's metric API by the instruments of package metric. A library
// that is instrumented with OpenTelemetry, or code that is written against its API, then records into a
// registry, and its metrics are scraped and pushed with all others:
//
//	provider := otelmetric.NewMeterProvider(registry)
//	otel.SetMeterProvider(provider)
//
// Metric names, labels and values follow OpenTelemetry's rules for Prometheus, as those of its own exporter,
// [go.opentelemetry.io/otel/exporters/prometheus], do. Options have the names of those of the exporter and of
// OpenTelemetry's SDK, and take the SDK's views, resources and filters. The page docs/otel.md of the
// repository lists what differs.
//
// Callbacks of observable instruments are collectors: they run concurrently, under the context and the
// deadline of the scrape, and one that fails costs only its own metrics. [WithCollectorOptions] gives them
// policies. Their names in errors, logs and [metric.ContextRegistry.Status] are those of the meter and of the
// instruments, such as example.com.database:connections. Two callbacks that observe the same attributes of an
// instrument are in conflict: one of the two series is left out and reported.
//
// Finding a series takes no lock, and allocates nothing for attributes that were seen before. Programs that
// make an attribute set once and use it again and again, through WithAttributeSet, save most of the
// time that a measurement takes.
//
// # Traces
//
// [Exemplar] gives observations of package metric's own instruments exemplars that lead to the trace of
// their request. [Hooks] makes a trace of each scrape, in which a slow collector can be seen.
//
// Otelmetric is a module of its own, so that programs that import metric do not depend on OpenTelemetry. Its
// version has to be that of the metric module, whose internal packages it uses.
package otelmetric
