package dropin_test

import (
	_ "github.com/luxfi/metric"
	_ "go.opentelemetry.io/otel/exporters/prometheus"
	_ "go.opentelemetry.io/otel/metric"
	_ "go.opentelemetry.io/otel/sdk/metric"
	_ "go.uber.org/goleak"
)
