//go:build e2e

// Otelcol is the remote-write receiver of the OpenTelemetry Collector, without the rest of a Collector.
// Before it answers a request, it appends the metrics to a file, as a line of OTLP protobuf in base64.
// JSON would lose staleness markers, because it has only one NaN.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusremotewritereceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the address to receive requests at")
	file := flag.String("file", "", "the file to append metrics to")
	flag.Parse()
	if err := run(*listen, *file); err != nil {
		log.Fatal(err)
	}
}

// run receives metrics until the program is interrupted.
func run(listen, name string) (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sink, err := consumer.NewMetrics(func(_ context.Context, metrics pmetric.Metrics) error {
		message, err := new(pmetric.ProtoMarshaler).MarshalMetrics(metrics)
		if err != nil {
			return err
		}
		line := append(base64.StdEncoding.AppendEncode(nil, message), '\n')
		_, err = file.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	factory := prometheusremotewritereceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	config.(*prometheusremotewritereceiver.Config).NetAddr.Endpoint = listen
	rec, err := factory.CreateMetrics(ctx, receiver.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
		BuildInfo:         component.NewDefaultBuildInfo(),
	}, config, sink)
	if err != nil {
		return err
	}
	if err := rec.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", listen)
	<-ctx.Done()
	return rec.Shutdown(context.WithoutCancel(ctx))
}
