package otelmetric

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// Environment variables of OpenTelemetry's SDK that this package also reads.
const (
	filterVariable = "OTEL_METRICS_EXEMPLAR_FILTER"
	limitVariable  = "OTEL_GO_X_CARDINALITY_LIMIT"
)

// fromEnvironment applies environment variables to c. It returns an error for each invalid value, and keeps
// the default in its place.
func (c *config) fromEnvironment() (errs []error) {
	switch value := strings.TrimSpace(os.Getenv(filterVariable)); strings.ToLower(value) {
	case "":
	case "always_on":
		c.sampled = exemplar.AlwaysOnFilter
	case "always_off":
		c.sampled = exemplar.AlwaysOffFilter
	case "trace_based":
		c.sampled = sampledSpan
	default:
		errs = append(errs, fmt.Errorf("the environment variable %s is ignored: it is %q, and always_on, always_off and trace_based are allowed",
			filterVariable, value))
	}
	if value := strings.TrimSpace(os.Getenv(limitVariable)); value != "" {
		limit, err := strconv.Atoi(value)
		if err != nil {
			return append(errs, fmt.Errorf("the environment variable %s is ignored: it must be a number of series: %w", limitVariable, err))
		}
		c.limit = max(limit, 0)
	}
	return errs
}
