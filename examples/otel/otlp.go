package main

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

// startPushing pushes the metrics of t to a URL by OpenTelemetry's protocol until the returned provider is
// shut down. The shutdown pushes once more. The provider has no instruments, only a reader that pushes.
func startPushing(ctx context.Context, t *telemetry, url string, interval time.Duration) (*sdk.MeterProvider, error) {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(url))
	if err != nil {
		return nil, err
	}
	reader := sdk.NewPeriodicReader(exporter, sdk.WithInterval(interval), sdk.WithProducer(producer{t.registry}))
	return sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithResource(t.resource)), nil
}

// producer passes the metrics of a registry to a reader of OpenTelemetry's SDK through OpenTelemetry's
// bridge. Unlike the bridge, it passes the context of the push on to the collectors. If a collector fails,
// only its own metrics are missing: the error goes to OpenTelemetry's error handler, and the reader pushes
// the rest.
type producer struct{ registry metric.GathererWithContext }

// Produce implements [sdk.Producer].
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	gathered := push.Partial(ctx, p.registry)
	scopes, err := bridge.NewMetricProducer(bridge.WithGatherer(gathered)).Produce(ctx)
	if failed := gathered.Err(); failed != nil && len(scopes) > 0 { // Without scopes, the bridge returns the error.
		otel.Handle(failed)
	}
	for i := range scopes {
		metrics := scopes[i].Metrics
		for _, m := range metrics {
			decodeIDs(m.Data)
		}
		// The resource contains the same attributes.
		scopes[i].Metrics = slices.DeleteFunc(metrics, func(m metricdata.Metrics) bool { return m.Name == "target_info" })
	}
	return scopes, err
}

// decodeIDs decodes the trace and span IDs of exemplars. The bridge leaves them in hexadecimal, and then
// the OpenTelemetry Collector and Prometheus refuse the whole request.
func decodeIDs(data metricdata.Aggregation) {
	switch data := data.(type) {
	case metricdata.Sum[float64]:
		for _, p := range data.DataPoints {
			decodeAll(p.Exemplars)
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			decodeAll(p.Exemplars)
		}
	}
}

func decodeAll(exemplars []metricdata.Exemplar[float64]) {
	for i := range exemplars {
		e := &exemplars[i]
		e.TraceID, e.SpanID = decoded(e.TraceID, 16), decoded(e.SpanID, 8)
	}
}

// decoded returns the bytes of a hexadecimal ID of size bytes, or nil if the ID is invalid.
func decoded(id []byte, size int) []byte {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != size {
		return nil
	}
	return b
}
