// OTLP pushes metrics by the OpenTelemetry protocol to an OpenTelemetry Collector, Prometheus or
// any other receiver, with OpenTelemetry's exporter and its bridge from Prometheus.
//
// Each push has a deadline, which reaches the collectors. What they have collected by then is
// pushed, even if one of them hangs: try the flag -hang. The log says what is missing. The last
// push comes after the program's work has ended.
//
// There is no MeterProvider: its periodic reader passes no context to the bridge, and exports
// nothing if something is missing.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"time"

	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/luxfi/metric/examples/push/demo"
	"github.com/luxfi/metric/push"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:4318/v1/metrics", "`URL` of the receiver; Prometheus has it at /api/v1/otlp/v1/metrics")
	interval := flag.Duration("interval", 15*time.Second, "`time` between pushes")
	hang := flag.Bool("hang", false, "add a collector that never returns")
	flag.Parse()

	exporter, err := otlpmetrichttp.New(context.Background(), otlpmetrichttp.WithEndpointURL(*url))
	if err != nil {
		log.Fatal(err)
	}
	program := demo.New(*hang)
	ctx, stop := context.WithCancel(context.Background())
	loop := push.Every(ctx, func(ctx context.Context) error {
		return send(ctx, exporter, push.Partial(ctx, program.Registry))
	}, push.LoopOpts{Name: "otlp", Interval: *interval, Registry: program.Registry})

	program.Run()
	stop()
	if err := errors.Join(loop.Wait(), exporter.Shutdown(context.Background())); err != nil {
		log.Print("the last push: ", err)
	}
}

// source identifies the source of the metrics. Prometheus makes the label job of it.
var source = resource.NewSchemaless(attribute.String("service.name", "demo"))

// send exports what g gathers. If that is nothing, the bridge says so to the handler of
// OpenTelemetry's errors.
func send(ctx context.Context, exporter *otlpmetrichttp.Exporter, g *push.PartialGatherer) error {
	scopes, err := bridge.NewMetricProducer(bridge.WithGatherer(g)).Produce(ctx)
	if len(scopes) > 0 {
		err = errors.Join(err, exporter.Export(ctx, &metricdata.ResourceMetrics{Resource: source, ScopeMetrics: scopes}))
	}
	return errors.Join(err, g.Err())
}
