package bench_test

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var labelNames = [...]string{"path", "method", "code", "zone"}

// labelValues returns the label values of n series.
func labelValues(n, labels int) [][]string {
	methods := [...]string{"GET", "POST", "PUT", "DELETE"}
	codes := [...]string{"200", "301", "400", "404", "500"}
	all := make([][]string, n)
	for i := range all {
		all[i] = []string{
			"/api/v1/items/" + strconv.Itoa(i), methods[i%len(methods)], codes[i%len(codes)], "eu-west-" + strconv.Itoa(i%3),
		}[:labels:labels]
	}
	return all
}

// seriesName is the name that a user of VictoriaMetrics/metrics builds for each lookup.
func seriesName(name string, values []string) string {
	switch len(values) {
	case 1:
		return fmt.Sprintf(`%s{path=%q}`, name, values[0])
	case 2:
		return fmt.Sprintf(`%s{path=%q,method=%q}`, name, values[0], values[1])
	case 3:
		return fmt.Sprintf(`%s{path=%q,method=%q,code=%q}`, name, values[0], values[1], values[2])
	default:
		return fmt.Sprintf(`%s{path=%q,method=%q,code=%q,zone=%q}`, name, values[0], values[1], values[2], values[3])
	}
}

func seriesNames(name string, values [][]string) []string {
	names := make([]string, len(values))
	for i := range values {
		names[i] = seriesName(name, values[i])
	}
	return names
}

// otelMeter is a meter of the OpenTelemetry SDK with its exporter in a registry.
type otelMeter struct {
	meter    otelmetric.Meter
	registry *prometheus.Registry
}

func newMeter() otelMeter {
	registry := prometheus.NewRegistry()
	exporter := must(otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo()))
	provider := sdk.NewMeterProvider(sdk.WithReader(exporter), sdk.WithCardinalityLimit(0))
	return otelMeter{provider.Meter("bench"), registry}
}

func keyValues(values []string) []attribute.KeyValue {
	kvs := make([]attribute.KeyValue, len(values))
	for i, value := range values {
		kvs[i] = attribute.String(labelNames[i], value)
	}
	return kvs
}

func attributes(values []string) attribute.Set { return attribute.NewSet(keyValues(values)...) }
