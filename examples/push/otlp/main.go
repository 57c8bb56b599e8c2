// OTLP pushes metrics by the OpenTelemetry protocol to an OpenTelemetry Collector, Prometheus or any other
// receiver. It uses OpenTelemetry's exporter and OpenTelemetry's bridge from Prometheus.
//
// Each push has a deadline, which also limits the collectors. The program pushes the metrics that were
// collected in time, even if a collector hangs: try the flag -hang. The log lists the missing collectors.
// The final push takes place after the program's work has ended.
//
// The program does not use a MeterProvider: its periodic reader passes no context to the bridge, and
// exports nothing if a collector fails.
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

// source identifies the source of the metrics. Prometheus turns its service name into the label job.
var source = resource.NewSchemaless(attribute.String("service.name", "demo"))

// send exports what g gathers. If g gathers nothing, the bridge reports that to OpenTelemetry's error
// handler.
func send(ctx context.Context, exporter *otlpmetrichttp.Exporter, g *push.PartialGatherer) error {
	scopes, err := bridge.NewMetricProducer(bridge.WithGatherer(g)).Produce(ctx)
	if len(scopes) > 0 {
		err = errors.Join(err, exporter.Export(ctx, &metricdata.ResourceMetrics{Resource: source, ScopeMetrics: scopes}))
	}
	return errors.Join(err, g.Err())
}
