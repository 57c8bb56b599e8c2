// Package otelmetric connects OpenTelemetry with package metric.
//
// # Metrics
//
// [NewMeterProvider] implements OpenTelemetry's metric API with the instruments of package metric.
// Libraries that are instrumented with OpenTelemetry, and other code that uses its API, then record into a
// registry, and their metrics are scraped and pushed with all others:
//
//	provider := otelmetric.NewMeterProvider(registry)
//	otel.SetMeterProvider(provider)
//
// Metric names, labels and values follow OpenTelemetry's rules for Prometheus, as with OpenTelemetry's
// exporter, [go.opentelemetry.io/otel/exporters/prometheus]. Options have the same names as in the exporter
// and in OpenTelemetry's SDK, and take the SDK's views, resources and filters. The page docs/otel.md of the
// repository lists the differences.
//
// Callbacks of observable instruments are collectors. They run concurrently, under the context and the
// deadline of the scrape. A callback that fails affects only its own metrics. [WithCollectorOptions] gives
// callbacks policies. In errors, logs and [metric.ContextRegistry.Status], a callback is named after its
// meter and instruments, as in example.com.database:connections. If two callbacks observe the same
// attributes of an instrument, they conflict: the registry leaves out one of the two series and reports it.
//
// An update takes no lock to find its series, and allocates nothing for attributes that have been used
// before. Most of the time of a measurement is spent on its attributes. Programs save that time if they
// make an attribute set once and reuse it with WithAttributeSet.
//
// # Traces
//
// [Exemplar] gives the observations of package metric's instruments exemplars that lead to the trace of
// their request. [Hooks] makes a trace of each scrape, which shows slow collectors.
//
// Package otelmetric is in a separate module, so that programs that import only package metric do not
// depend on OpenTelemetry. Both modules must have the same version, because otelmetric uses internal
// packages of metric.
package otelmetric
