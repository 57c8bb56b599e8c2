package query

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// timestampUnit is the unit of points in time, which are in seconds since the Unix epoch.
const timestampUnit = "timestamp"

// unitOf returns the unit of a family's values: the declared one, or the last word of its name if that
// is a unit.
func unitOf(f *model.Family) string {
	if f.Type == model.Info || f.Type == model.StateSet {
		return ""
	}
	if isTimestamp(f) {
		return timestampUnit
	}
	if f.Unit != "" {
		return cleanName(f.Unit)
	}
	name := f.Name
	for _, suffix := range []string{"_total", "_bucket"} {
		name = strings.TrimSuffix(name, suffix)
	}
	if last := name[strings.LastIndexAny(name, "_.:")+1:]; knownUnits[last] && last != name {
		return last
	}
	return ""
}

// isTimestamp reports whether the values are points in time, by the naming conventions of Prometheus and
// of Go's own collector.
func isTimestamp(f *model.Family) bool {
	if f.Type != model.Gauge && f.Type != model.Untyped {
		return false
	}
	for _, suffix := range []string{"_timestamp_seconds", "_start_time_seconds", "_last_gc_time_seconds"} {
		if strings.HasSuffix(f.Name, suffix) {
			return true
		}
	}
	return false
}

// knownUnits are the base units of Prometheus and other common units.
var knownUnits = func() map[string]bool {
	units := make(map[string]bool)
	for _, unit := range strings.Fields(`seconds milliseconds microseconds nanoseconds minutes hours days
		bytes bits kilobytes megabytes ratio percent celsius fahrenheit kelvin meters volts amperes
		joules watts grams hertz`) {
		units[unit] = true
	}
	return units
}()
