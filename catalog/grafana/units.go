package grafana

import (
	"strings"

	"github.com/luxfi/metric/catalog"
)

// unit has Grafana's units for values and for their increase per second.
type unit struct{ value, rate string }

// units maps the units that Prometheus and OpenMetrics recommend to Grafana's. Grafana's units are listed
// in packages/grafana-data/src/valueFormats/categories.ts in its repository.
var units = map[string]unit{
	"seconds":      {"s", "percentunit"}, // seconds per second are a share of the time
	"milliseconds": {"ms", "short"},
	"microseconds": {"µs", "short"},
	"nanoseconds":  {"ns", "short"},
	"minutes":      {"m", "short"},
	"hours":        {"h", "short"},
	"days":         {"d", "short"},
	"bytes":        {"bytes", "binBps"},
	"bits":         {"bits", "binbps"},
	"kilobytes":    {"kbytes", "short"},
	"megabytes":    {"mbytes", "short"},
	"ratio":        {"percentunit", "short"},
	"ratios":       {"percentunit", "short"},
	"percent":      {"percent", "short"},
	"celsius":      {"celsius", "short"},
	"fahrenheit":   {"fahrenheit", "short"},
	"kelvin":       {"kelvin", "short"},
	"meters":       {"lengthm", "short"},
	"volts":        {"volt", "short"},
	"amperes":      {"amp", "short"},
	"watts":        {"watt", "short"},
	"joules":       {"joule", "watt"},
	"grams":        {"massg", "short"},
	"hertz":        {"hertz", "short"},
	"requests":     {"short", "reqps"},
}

// unitOf returns the unit of a family: the declared unit, or otherwise the suffix of its name.
func unitOf(f *catalog.Family) unit {
	known, ok := units[f.Unit]
	if ok {
		return known
	}
	name := strings.TrimSuffix(strings.TrimSuffix(f.Name, "_info"), "_total")
	known, ok = units[name[strings.LastIndexAny(name, "_.:")+1:]]
	if ok {
		return known
	}
	return unit{"short", "cps"}
}

// isTime reports whether the values of a family are times, in seconds since the Unix epoch.
func isTime(f *catalog.Family) bool {
	return strings.HasSuffix(f.Name, "_timestamp_seconds") || strings.HasSuffix(f.Name, "_start_time_seconds")
}
